import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { contract, document, KEY, subscription, team, webhook } from './documents.ts';
import { HOSTILE } from './hostile.ts';
import { startHttpReceiver } from './http-receiver.ts';
import type { HttpReceiver } from './http-receiver.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };
/** In every field that holds a secret, or a part of it. */
const MARKERS = ['5ec7e7'.padEnd(64, '0'), '5a17marker', 'signingmarker', 'urlmarker', KEY];

describe('what people have written', () => {
  let world: World;
  let json: HttpReceiver;
  let chat: HttpReceiver;
  beforeEach(async () => {
    [json, chat] = await Promise.all([startHttpReceiver(), startHttpReceiver()]);
    world = await openWorld({ dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined });
    await world.write([
      team('orders-team', ['orders']),
      team('shop-team', ['shop']),
      webhook(`${json.url}?key=urlmarker`, 'orders'),
      document('Webhook', 'chat', { url: chat.url, format: 'slack' }, { namespace: 'orders' }),
      subscription('orders', ['*'], { webhooks: ['hook', 'chat'] }),
      webhook(json.url, 'shop', { signingSecret: { value: 'signingmarker'.padEnd(32, 'x') } }),
      subscription('shop', ['*']),
    ]);
  });
  afterEach(async () => {
    await world.close();
    await Promise.all([json.close(), chat.close()]);
  });

  const writeAll = async (hostile: string): Promise<void> => {
    const author = { actor: `user:${hostile}`, reason: hostile };
    const secret = { salt: '5a17marker', sha256: MARKERS[0] };
    await world.write(
      [
        document(
          'Api',
          'orders',
          { hosts: ['o.example.com'] },
          { namespace: 'orders', displayName: hostile, lifecycle: 'published' },
        ),
        document(
          'ClientApplication',
          'web',
          { clientId: 'web', clientSecret: secret },
          { namespace: 'shop', displayName: hostile },
        ),
        contract({ tier: hostile }),
      ],
      author,
    );
    await world.write([contract({ tier: hostile, status: 'approved' })], author);
    const rotated = {
      clientSecrets: [
        { ...secret, salt: 'another' },
        { ...secret, expires: '2027-06-01T00:00:00Z' },
      ],
    };
    const app = document(
      'ClientApplication',
      'web',
      { clientId: 'web', ...rotated },
      { namespace: 'shop', displayName: hostile },
    );
    await world.write([app], author);
    await expect.poll(() => json.events().filter((event) => event === 'secret.rotated').length, PATIENCE).toBe(1);
    await expect.poll(() => chat.received.length, PATIENCE).toBe(4);
    await expect.poll(() => world.deliveries.waiting(), PATIENCE).toEqual(new Map());
  };

  test.each(HOSTILE)('is one line that calls nobody and links nowhere: %j', async (hostile) => {
    await writeAll(hostile);
    const texts = json.received.flatMap(({ body }) => textsIn(body));
    // oxlint-disable-next-line no-control-regex
    for (const text of texts) expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    for (const { body } of chat.received) {
      expect(Object.keys(body)).toEqual(['text', 'mrkdwn', 'unfurl_links', 'unfurl_media', 'link_names']);
      expect(body).toMatchObject({ mrkdwn: false, link_names: 0 });
      const text = String(body['text']);
      // Slack has a meaning for `<`, Mattermost for `@word`, links and what formats.
      expect(text).not.toMatch(/<|>|(?:^|[^\w.%+-])@\w|\]\(|:\/\/|\n/);
    }
  });

  test('has no secret in it, wherever events are kept, sent and told of', async () => {
    await writeAll('Web shop');
    const { kysely } = world.opened.database;
    const tables = ['notify_event', 'notify_delivery', 'notify_deadline', 'notify_standing', 'notify_subscription'];
    const kept = await Promise.all(
      tables.map((table) =>
        kysely
          .selectFrom(table as never)
          .selectAll()
          .execute(),
      ),
    );
    const sent = [...json.received, ...chat.received].map(({ headers, text }) => [headers, text]);
    const all = JSON.stringify([kept, sent, world.lines, await world.metrics.metrics()]);
    expect(kept[0]?.length).toBeGreaterThan(4);
    for (const marker of MARKERS) expect(all).not.toContain(marker);
  });
});

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
