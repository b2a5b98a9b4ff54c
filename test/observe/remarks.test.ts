import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { formatExplanation } from '../../src/cli/explanation-text.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { createCheckMetrics } from '../../src/observe/check-metrics.ts';
import { createDecisionLog } from '../../src/observe/decision-log.ts';
import { explanationOf } from '../../src/operator/explanation.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { api } from '../e2e/documents.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { checkOf, stoppedClock } from './decisions.ts';
import { logInMemory } from './lines.ts';
import { scraperOf } from './scrape.ts';

test('what is amiss though a request passes is in the explanation, in its log line and in a metric', async () => {
  const key = await signingKey('ES256', 'k1');
  const config = {
    textKey: JSON.stringify(key.jwk),
    algorithms: ['ES256'],
    mandatoryExpClaim: false,
    skipClientIdValidation: true,
    claimsToHeaders: [{ path: 'realm_access.rolls', header: 'x-roles' }],
  };
  const snapshot = await snapshotOfDocuments([
    api('orders', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] }),
  ]);
  const clock = stoppedClock();
  const ports = {
    clock,
    take: () => ({ granted: true, windows: [] }),
    unmatched: 'deny',
    trustedHops: 0,
    failed() {},
  } as const;
  const token = await signed(key, { realm_access: { roles: ['a'] } });
  const check = checkOf({ path: '/orders/1', headers: { authorization: `Bearer ${token}` } });
  const decision = await decide(snapshot, check, ports, Infinity);
  expect(decision.denial).toBeUndefined();

  const remark = 'the token has nothing at "realm_access.rolls"';
  const explanation = explanationOf(decision, create(CheckResponseSchema), { tellsWhichCredential: true });
  expect(formatExplanation(explanation)).toContain(`jwt-validation: allow\n       ${remark}\n`);

  const { log, lines } = logInMemory();
  createDecisionLog({
    log,
    clock,
    allowRate: 1,
    maxLinesPerSecond: 10,
    random: () => 0,
    clientAddress: () => '',
    suppressed() {},
  }).decided(decision, check, 1);
  expect(lines()).toMatchObject([{ outcome: 'allow', remarks: [`orders/jwt-validation: ${remark}`] }]);

  const registry = new Registry();
  createCheckMetrics(registry).decided(decision, 1);
  const { line } = scraperOf(registry);
  expect(await line('ostiary_policy_remarks_total{policy="orders/jwt-validation",kind="jwt-validation"}')).toBe(1);
});
