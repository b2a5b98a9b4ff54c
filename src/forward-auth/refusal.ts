/** A question that was refused without a decision, or a decision that the proxy can't carry out. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** The status, before it is replaced by one that the proxy passes on. */
  readonly status: number;
  /** A text without anything that a caller chose. */
  readonly why: string;
}

export type RefusalReason = keyof typeof REFUSALS;

/** What happened, by the label `reason` of `ostiary_http_refused_total`. */
export const REFUSALS = {
  peer_untrusted: 'the peer is not among `--http-trusted-peers`',
  no_room: 'a connection was closed for lack of room',
  message_malformed: 'it is not an HTTP/1.1 request, too large, or too slow',
  request_untold: 'the proxy does not tell what it asks about as `--http-profile` says',
  header_owned: 'the request has a header that only ostiary sets, and the proxy does not remove it',
  header_kept:
    'the decision removes or sets a header of the request, and the proxy is not known to: see `--http-stripped`',
  undecided: 'no decision could be made, or not in time',
} as const;
