/**
 * - `away`: it can't be asked, or answers with nothing that is of use
 * - `ended`: it has ended what it has given: the session there, or the grant
 * - `refused`: it has said no, or something that is not relied on
 */
export type ProviderFaultKind = 'away' | 'ended' | 'refused';

/** What did not work with the identity provider: a sentence for people, without anything that it or the browser has sent. */
export class ProviderFault extends Error {
  override name = 'ProviderFault';
  readonly kind: ProviderFaultKind;
  constructor(kind: ProviderFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
