import type { Picture } from './contract/conversation'
import { type Schema, told } from './rest'
import type { Session } from './session'

/** Pictures are fetched with the session's token and shown out of the page's memory. */
export async function fetchFile(session: Session, file_id: string): Promise<Blob> {
  const answer = session.rest.GET('/api/v1/files/{file_id}', { params: { path: { file_id } }, parseAs: 'blob' })
  return (await told(answer)) as Blob
}

/** Uploads a picture; what comes back goes into a message. */
export async function uploadPicture(session: Session, file: File): Promise<Picture> {
  const form = new FormData()
  form.set('file', file)
  const asked = { body: { file: file.name }, bodySerializer: () => form }
  const kept: Schema<'Uploaded'> = await told(session.rest.POST('/api/v1/files', asked))
  return { file_id: kept.file_id, width: kept.width ?? 0, height: kept.height ?? 0, thumbnail_id: kept.thumbnail_id ?? '' }
}
