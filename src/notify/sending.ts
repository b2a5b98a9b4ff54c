import type { Webhook } from '../alerts/rule.ts';
import type { EgressAnswer, EgressCall } from '../egress/egress.ts';
import type { Delivery } from './delivery-store.ts';
import type { TeamEvent } from './event.ts';
import { postingOf } from './posting.ts';
import { receiverFrom } from './receiver.ts';

/** How an attempt ended. `refused`: it is of no use to try again. */
export interface Outcome {
  readonly result: 'delivered' | 'failed' | 'refused';
  /** A sentence without what was sent or answered. */
  readonly detail: string;
}

/** Sends events as mails. */
export interface MailSender {
  /** Never rejects. */
  send(address: string, event: TeamEvent): Promise<Outcome>;
  /**
   * Sends many events as one mail. Never rejects.
   * @param most mails that an address is sent in an hour: it says why they come together
   */
  sendTogether(address: string, events: readonly TeamEvent[], most: number): Promise<Outcome>;
  close(): void;
}

/** Sends one delivery. Never rejects. */
export type Send = (delivery: Delivery, now: number, signal: AbortSignal) => Promise<Outcome>;

export interface SendingPorts {
  /** @throws EgressFault (rejects with it) if there is no answer */
  readonly call: (call: EgressCall) => Promise<EgressAnswer>;
  /** By qualified name. */
  readonly webhook: (name: string) => Webhook | undefined;
  /** Undefined: no mail can be sent. */
  readonly mail: MailSender | undefined;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const GONE = 410;

export function sending({ call, webhook, mail }: SendingPorts): Send {
  return async ({ receiver: text, event }, now, signal) => {
    const receiver = receiverFrom(text);
    try {
      if (receiver.kind === 'mail') {
        if (mail === undefined) return failed('this control plane sends no mail: give --smtp-url');
        return await mail.send(receiver.address, event);
      }
      const found = webhook(receiver.name);
      if (found === undefined) return failed('there is no such webhook, or its URL or key is not known here');
      const { headers, body } = postingOf(event, found, now);
      const bounds = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, signal };
      const { status } = await call({ url: found.url, method: 'POST', headers, body, ...bounds });
      if (status >= 200 && status < 300) return { result: 'delivered', detail: `status ${status}` };
      return { result: status === GONE ? 'refused' : 'failed', detail: statusText(status) };
    } catch (error) {
      return failed(error instanceof Error ? error.message : 'it failed');
    }
  };
}

function failed(detail: string): Outcome {
  return { result: 'failed', detail };
}

function statusText(status: number): string {
  const isRedirect = status >= 300 && status < 400;
  return `status ${status}${isRedirect ? ': redirects are not followed, write the final URL' : ''}`;
}
