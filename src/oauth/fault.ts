/** An authorization server gave no usable answer. The message is a sentence without tokens and secrets. */
export class ServerFault extends Error {
  override name = 'ServerFault';
}
