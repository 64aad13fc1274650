import type { Schema } from '../rest'
import type { Asked, Question } from './ask'
import type { Office } from './office'
import { w } from './words'

/** Sends a red packet into one of these groups. Whether there is money for it, the server knows (`balance_too_low`). */
export function sendPacket({ rest, path }: Office, groups: (readonly [string, string])[]): Question {
  const kinds = (['lucky', 'equal'] as const).map((kind) => [kind, w(`packet_${kind}`)] as const)
  const fields: Asked[] = [
    { name: 'group', label: w('group'), kind: 'choice', choices: groups },
    { name: 'kind', label: w('packetKind'), kind: 'choice', choices: kinds },
    { name: 'total', label: w('packetTotal'), kind: 'money', hint: w('packetTotalHint') },
    { name: 'shares', label: w('packetShares'), kind: 'whole', value: '10', hint: w('packetSharesHint') },
    { name: 'greeting', label: w('packetGreeting'), value: '恭喜发财，大吉大利', optional: true },
    { name: 'minutes', label: w('packetMinutes'), kind: 'whole', value: '1440', hint: w('packetMinutesHint') },
  ]
  const work: Question['work'] = (said, header) => {
    const body: Schema<'NewRedPacket'> = {
      conversation_id: said.text('group'),
      kind: said.text('kind') as Schema<'RedPacketKind'>,
      total: said.money('total') ?? 0,
      shares: said.whole('shares') ?? 0,
      greeting: said.text('greeting') || null,
      minutes: said.whole('minutes') ?? null,
    }
    return rest.POST('/api/v1/shops/{shop_id}/red-packets', { params: { path, header }, body })
  }
  return { title: w('sendPacket'), text: w('packetHint'), button: w('send'), fields, work }
}
