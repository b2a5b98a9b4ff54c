import { createHash } from 'node:crypto';
import { webhookSignature, webhookTimestamp } from '../standard-webhooks.ts';
import { conditionText, durationText, sortedLabels, valueText } from './rule.ts';
import type { AlertRule, Webhook } from './rule.ts';
import type { Transition } from './state.ts';

/** One message to one webhook about one transition. */
export interface Notification {
  /** The same for every attempt, and after a restart. Receivers recognise repetitions by it. */
  readonly id: string;
  readonly webhook: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly message: Message;
}

/** The message for webhooks of the format `json`. Fields may be added, but never removed. */
export interface Message {
  readonly id: string;
  readonly status: Transition;
  readonly alert: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly severity: string;
  /** The subject, such as `{api: orders}`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly metric: string;
  /** `above` or `below` the threshold. */
  readonly operator: string;
  /** In the unit of the metric: requests, milliseconds, a part of 1 or a multiple. */
  readonly threshold: number;
  /** The last measured value; absent if there was nothing to measure. */
  readonly value?: number;
  readonly window?: string;
  /** Since when the condition holds; ISO 8601. */
  readonly startedAt: string;
  /** When the transition was noticed. */
  readonly at: string;
  /** The name of the ostiary that sends the message. */
  readonly node: string;
  /** All of it in one sentence. */
  readonly text: string;
}

export interface Occurrence {
  readonly transition: Transition;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly node: string;
}

/** Makes a message for each webhook of the rule. */
export function notificationsOf(rule: AlertRule, occurrence: Occurrence): readonly Notification[] {
  const { transition, labels, value, sinceMs, nowMs, node } = occurrence;
  const startedAt = new Date(sinceMs).toISOString();
  return rule.notify.map((webhook) => {
    const told = JSON.stringify([rule.name, sortedLabels(labels), startedAt, transition, webhook, node]);
    const id = `alert_${createHash('sha256').update(told).digest('hex').slice(0, 32)}`;
    const message: Message = {
      id,
      status: transition,
      alert: rule.name,
      ...(rule.displayName !== undefined && { displayName: rule.displayName }),
      ...(rule.description !== undefined && { description: rule.description }),
      severity: rule.severity,
      labels,
      metric: rule.metric,
      operator: rule.operator,
      threshold: rule.threshold,
      ...(value !== undefined && { value }),
      ...(rule.windowMs > 0 && { window: durationText(rule.windowMs) }),
      startedAt,
      at: new Date(nowMs).toISOString(),
      node,
      text: textOf(rule, occurrence),
    };
    return { id, webhook, createdAt: nowMs, message };
  });
}

function textOf(rule: AlertRule, { transition, labels, value }: Occurrence): string {
  const whom = Object.values(labels)
    .filter((label) => label !== '')
    .join(', ');
  const now = value === undefined ? '' : `; now ${valueText(value, rule.metric)}`;
  const what = `${rule.displayName ?? rule.name}${whom === '' ? '' : ` (${whom})`}`;
  return `${transition === 'firing' ? `FIRING (${rule.severity})` : 'RESOLVED'}: ${what}: ${conditionText(rule)}${now}`;
}

export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Makes the request. It is signed if the webhook has a key. */
export function postingOf({ id, message }: Notification, { format, signingKey }: Webhook, nowMs: number): Posting {
  const body = JSON.stringify(format === 'slack' ? { text: slackText(message) } : message);
  const timestamp = webhookTimestamp(nowMs);
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (signingKey === undefined) return { headers, body };
  return { headers: { ...headers, 'webhook-signature': webhookSignature(signingKey, id, timestamp, body) }, body };
}

/** Escapes the three characters that have a meaning in Slack. */
function slackText({ text, description }: Message): string {
  const all = description === undefined ? text : `${text}\n${description}`;
  return all.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
