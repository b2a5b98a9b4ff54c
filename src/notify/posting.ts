import type { Webhook } from '../alerts/rule.ts';
import { chatText } from '../chat-text.ts';
import { webhookSignature, webhookTimestamp } from '../standard-webhooks.ts';
import type { TeamEvent } from './event.ts';

export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Makes the request of an event. It is signed if the webhook has a key.
 * @param now of this attempt, in milliseconds since the Unix epoch
 */
export function postingOf(
  event: TeamEvent,
  { format, signingKey }: Pick<Webhook, 'format' | 'signingKey'>,
  now: number,
): Posting {
  const body = JSON.stringify(format === 'slack' ? slackMessage(event) : event);
  const timestamp = webhookTimestamp(now);
  const headers = { 'content-type': 'application/json', 'webhook-id': event.id, 'webhook-timestamp': timestamp };
  if (signingKey === undefined) return { headers, body };
  const signature = webhookSignature(signingKey, event.id, timestamp, body);
  return { headers: { ...headers, 'webhook-signature': signature }, body };
}

/** What Slack, Mattermost and others take. Nothing in it is formatted, so that no name can be a link or call people. */
function slackMessage({ text, event }: TeamEvent): object {
  return {
    text: chatText(`${text} [${event}]`),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    link_names: 0,
  };
}
