/** An authorization server gave no answer that can be used. The message is a sentence without a token or a secret. */
export class ServerFault extends Error {
  override name = 'ServerFault';
}
