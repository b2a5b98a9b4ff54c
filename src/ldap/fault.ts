/** The directory gives no answer that can be used. The message is a sentence without names, passwords and what was answered. */
export class LdapFault extends Error {
  override name = 'LdapFault';
}
