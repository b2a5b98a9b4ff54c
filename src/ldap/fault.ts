/**
 * The directory gave no usable answer. The message is a sentence without names, passwords and the text of the answer.
 */
export class LdapFault extends Error {
  override name = 'LdapFault';
}
