/** Whether a chain has signed a round: BLS on BLS12-381, signatures on G1, hashed to the curve as RFC 9380 says. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesOf } from './hex'

const { shortSignatures } = bls12_381

/** @param public_key 96 bytes, @param signature 48 bytes, both compressed points in lower-case hexadecimal. */
export async function isSigned(public_key: string, round: number, signature: string): Promise<boolean> {
  if (!/^[0-9a-f]{96}$/.test(signature)) return false
  const number = new DataView(new ArrayBuffer(8))
  number.setBigUint64(0, BigInt(round))
  const message = new Uint8Array(await crypto.subtle.digest('SHA-256', number.buffer))
  try {
    return shortSignatures.verify(bytesOf(signature), shortSignatures.hash(message), bytesOf(public_key))
  } catch {
    // What is no point on its curve has signed nothing.
    return false
  }
}
