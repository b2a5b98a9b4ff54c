import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const PASSWORD = 'correct horse battery';

let control: RealControlPlane;
beforeAll(async () => {
  control = await startControlPlane(join(scratchFolder('program-login'), 'data'));
});
afterAll(() => control?.stop());

async function rpc(method: string, request: object, headers: Record<string, string>) {
  const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('a program that waits is let in by a person who is logged in', async () => {
  await runMain(['user', 'create', 'dave'], control.env, PASSWORD);
  const login = await rpc('PeopleService/LogIn', { name: 'dave', password: PASSWORD }, {});
  const authorization = `Bearer ${String(login.body['token'])}`;
  const { body } = await rpc('PeopleService/BeginLogin', { client: 'a test' }, {});
  expect(body).toMatchObject({ verificationUrl: `${control.url}/login/program` });
  expect(body['verificationUrlComplete']).toBeUndefined();
  const { deviceCode, userCode } = body as { deviceCode: string; userCode: string };
  expect((await rpc('PeopleService/CompleteLogin', { deviceCode }, {})).body).toEqual({
    state: 'LOGIN_STATE_PENDING',
  });
  expect((await rpc('PeopleService/DescribeLogin', { userCode }, {})).status).toBe(401);
  expect((await rpc('PeopleService/DescribeLogin', { userCode }, { authorization })).body).toMatchObject({
    client: 'a test',
    address: '127.0.0.1',
  });
  expect((await rpc('PeopleService/DecideLogin', { userCode, allow: true }, { authorization })).status).toBe(200);
  const { body: done } = await rpc('PeopleService/CompleteLogin', { deviceCode }, {});
  expect(done).toMatchObject({ state: 'LOGIN_STATE_COMPLETE', name: 'local:dave' });
  const who = await rpc('PeopleService/WhoAmI', {}, { authorization: `Bearer ${String(done['token'])}` });
  expect(who.body).toMatchObject({ name: 'local:dave' });
  // Nobody comes in unseen.
  const seen = await rpc(
    'AuditService/ListEntries',
    { action: 'login', actor: 'local:dave' },
    { authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
  );
  expect(JSON.stringify(seen.body)).toContain('"by":"program"');
  expect((await rpc('PeopleService/CompleteLogin', { deviceCode }, {})).body).toEqual({ state: 'LOGIN_STATE_ENDED' });
  // Nobody tries codes for long.
  const tried = [];
  for (let at = 0; at < 12; at++)
    tried.push(
      (await rpc('PeopleService/DescribeLogin', { userCode: `BCDF-GHJ${'BCDFGHJKLMNP'[at]}` }, { authorization }))
        .status,
    );
  expect(tried).toEqual([...Array.from({ length: 10 }, () => 404), 429, 429]);
});
