import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { alertFile } from '../../src/alerts/kept-alerts.ts';
import { notificationsOf, postingOf } from '../../src/alerts/notification.ts';
import type { Notification } from '../../src/alerts/notification.ts';
import { Outbox } from '../../src/alerts/outbox.ts';
import type { Webhook } from '../../src/alerts/rule.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { boundedCall } from '../../src/egress/egress.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { scratchFolder } from '../real/scratch.ts';
import { rule } from './story.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const told = notificationsOf(rule({ metric: 'responseTime', threshold: 500, forMs: 60_000, description: 'a < b' }), {
  transition: 'firing',
  labels: { api: 'orders' },
  value: 612.34,
  sinceMs: nowMs - 60_000,
  nowMs,
  node: 'node-1',
});
const [first] = told as [Notification];

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let close: (() => void) | undefined;
afterEach(() => close?.());

/** A server that answers with these statuses, one after the other; 0 ends the connection. */
async function receiver(
  ...statuses: readonly number[]
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses[Math.min(received.length, statuses.length - 1)] ?? 200;
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

async function sent(webhook: Webhook, allow: readonly string[] = ['127.0.0.1']): Promise<readonly string[]> {
  const results: string[] = [];
  const { transport } = systemEgress({ variables: {}, allow, timers: systemTimers });
  const done = Promise.withResolvers<void>();
  const outbox = new Outbox(
    {
      call: (call) => boundedCall(call, transport, systemTimers),
      webhook: () => webhook,
      clock: { ...systemClock, now: () => nowMs },
      timers: { after: (delayMs, callback) => systemTimers.after(delayMs / 100, callback) },
      random: Math.random,
      told: (_, result, detail) => {
        results.push(result);
        if (result !== 'retried' || detail.includes('loopback')) done.resolve();
      },
      save: () => Promise.resolve(),
    },
    told,
  );
  outbox.send();
  await done.promise;
  outbox.close();
  return results;
}

describe('a webhook', () => {
  it('gets the alert as JSON, signed as Standard Webhooks says', async () => {
    const { url, received } = await receiver(200);
    const signingKey = Buffer.from('secret');
    expect(await sent({ name: 'ops', url, format: 'json', signingKey })).toEqual(['delivered']);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(JSON.parse(body)).toEqual({
      id: first.id,
      status: 'firing',
      alert: 'busy',
      description: 'a < b',
      severity: 'warning',
      labels: { api: 'orders' },
      metric: 'responseTime',
      operator: 'above',
      threshold: 500,
      value: 612.34,
      window: '1m',
      startedAt: '2026-03-01T11:59:00.000Z',
      at: '2026-03-01T12:00:00.000Z',
      node: 'node-1',
      text: 'FIRING (warning): busy (orders): response time (p95) above 500ms in 1m, for 1m; now 612.3ms',
    });
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const signature = createHmac('sha256', signingKey).update(signed).digest('base64');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': first.id,
      'webhook-timestamp': String(nowMs / 1000),
      'webhook-signature': `v1,${signature}`,
    });
  });

  it('of Slack gets one text, without signs that Slack would read', () => {
    const { body } = postingOf(first, { name: 'ops', url: '', format: 'slack' }, nowMs);
    expect(JSON.parse(body)).toEqual({ text: expect.stringMatching(/^FIRING .*\na &lt; b$/) as string });
  });

  it('that breaks off and then is busy gets the same message again', async () => {
    const { url, received } = await receiver(0, 503, 204);
    expect(await sent({ name: 'ops', url, format: 'json' })).toEqual(['retried', 'retried', 'delivered']);
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([first.id]));
  });

  it('on loopback is not reached where the operator has not allowed that', async () => {
    const { url, received } = await receiver(200);
    expect(await sent({ name: 'ops', url, format: 'json' }, [])).toEqual(['retried']);
    expect(received).toEqual([]);
  });
});

describe('what is kept', () => {
  const kept = {
    alerts: [{ rule: rule(), labels: { api: 'orders' }, state: { status: 'firing', sinceMs: 1, seenMs: 2, value: 3 } }],
    waiting: told,
    watched: { sinceMs: 1, untilMs: 2 },
  } as const;

  it('is what was saved last, and readable by nobody else', async () => {
    const path = join(scratchFolder('alerts'), 'below', 'alerts.json');
    const file = alertFile(path);
    expect(await file.load()).toBeUndefined();
    await file.save({ ...kept, alerts: [] });
    await file.save(kept);
    expect(await alertFile(path).load()).toEqual(kept);
    expect(readFileSync(path, 'utf8')).not.toContain('hooks');
  });

  it.each(['', '{', '{"form":99}', 'null'])('is not taken from %j', async (text) => {
    const folder = scratchFolder('alerts');
    writeFileSync(join(folder, 'alerts.json'), text);
    await expect(alertFile(join(folder, 'alerts.json')).load()).rejects.toThrow();
  });

  it('can not be saved over a folder', async () => {
    const path = join(scratchFolder('alerts'), 'alerts.json');
    mkdirSync(path);
    await expect(alertFile(path).save(kept)).rejects.toThrow();
  });
});
