import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { api, app, contract, document, subscription, team, webhook } from '../notify/documents.ts';
import { startHttpReceiver } from '../notify/http-receiver.ts';
import type { HttpReceiver } from '../notify/http-receiver.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const PATIENCE = { timeout: 15_000, interval: 100 };
let control: RealControlPlane;
let receiver: HttpReceiver;
beforeAll(async () => {
  receiver = await startHttpReceiver();
  control = await startControlPlane(join(scratchFolder('event-commands'), 'data'));
});
afterAll(async () => {
  await control?.stop();
  await receiver.close();
});

const ostiary = (...argv: string[]) => runMain(argv, control.env);

async function rpc(method: string, request: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
    body: JSON.stringify(request),
  });
  return (await answer.json()) as Record<string, unknown>;
}

test('tell what happened, what was sent and what was given up, and send it again', async () => {
  receiver.status = 410;
  const documents = [
    team('orders-team', ['orders']),
    team('shop-team', ['shop']),
    api,
    app,
    webhook(receiver.url, 'orders', { signingSecret: undefined }),
    subscription('orders', ['contract.requested']),
  ];
  const applied = await rpc('ResourceService/Apply', { documents: documents.map((each) => ({ document: each })) });
  expect(applied['faults']).toBeUndefined();
  // Webhooks are known a moment after they are written.
  await expect
    .poll(async () => {
      await rpc('ResourceService/Apply', { documents: [{ document: contract() }] });
      return receiver.received.length;
    }, PATIENCE)
    .toBe(1);
  await expect
    .poll(async () => (await ostiary('events', 'deliveries', '--dead')).stdout, PATIENCE)
    .toContain('status 410');
  const listed = await ostiary('events', '--event', 'contract.*');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toContain('contract.requested');
  expect(listed.stdout).toContain('asks for a contract of Web shop (shop/web) with Orders (orders/orders), tier gold');
  const { deliveries } = JSON.parse((await ostiary('events', 'deliveries', '--dead', '-o', 'json')).stdout) as {
    deliveries: readonly { id: string; receiver: string; attempts: number; event: { id: string } }[];
  };
  expect(deliveries).toMatchObject([{ receiver: 'webhook:orders/hook' }]);
  receiver.status = 200;
  const id = deliveries[0]?.id ?? '';
  expect(await ostiary('events', 'redeliver', id)).toMatchObject({ code: 0, stdout: `${id} is sent again\n` });
  await expect.poll(() => receiver.received.length, PATIENCE).toBe(2);
  expect(receiver.received.map(({ body }) => body['id'])).toEqual([deliveries[0]?.event.id, deliveries[0]?.event.id]);
  await expect
    .poll(async () => (await ostiary('events', 'deliveries', '--dead')).stdout, PATIENCE)
    .toBe('nothing was given up\n');
});

test('say what is wrong, and what to do', async () => {
  const errorOf = async (...argv: string[]) => (await ostiary('events', ...argv)).stderr;
  expect(await errorOf('deliverys')).toContain('did you mean "deliveries"?');
  expect(await errorOf('redeliver')).toContain('which one?');
  expect(await errorOf('redeliver', 'delivery_0')).toContain('there is no such delivery');
  expect(await errorOf('subscribe')).toContain('to what?');
  expect(await errorOf('subscribe', 'contract.aproved')).toContain('did you mean "contract.approved"?');
  expect(await errorOf('subscribe', 'contract.approved')).toContain('a team hears by a document of kind Subscription');
  expect(await errorOf('--event', 'nothing')).toContain('expected the name of an event');
  expect(await errorOf('unsubscribe', 'none')).toContain('you have no such subscription');
  const bad = document(
    'Subscription',
    'bad',
    { events: ['contract.aproved'], webhooks: ['none'] },
    { namespace: 'orders' },
  );
  const { faults } = await rpc('ResourceService/Apply', { documents: [{ document: bad }] });
  expect(JSON.stringify(faults)).toContain('there is no event \\"contract.aproved\\"');
  const nowhere = document('Subscription', 'bad', { events: ['*'], webhooks: ['none'] }, { namespace: 'orders' });
  const answer = await rpc('ResourceService/Apply', { documents: [{ document: nowhere }] });
  expect(JSON.stringify(answer['faults'])).toContain('there is no Webhook of this name');
});
