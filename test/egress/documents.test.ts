import { describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, warningsOf } from '../document/documents.ts';
import { documentsFolder, api } from '../e2e/documents.ts';
import { answering, JwksServer, publish, signingKey } from '../jwt/issuer.ts';
import { noNetwork, policyEnvironment } from '../policies/environment.ts';
import { startOstiary } from '../real/ostiary.ts';

const tokensAt = (jwksUrl: string) => {
  const config = { jwtKeyOrigin: 'jwks', jwksUrl, senderConstraint: 'refuse', skipClientIdValidation: true };
  return { policies: [{ policyRef: { name: 'jwt-validation' }, config }] };
};

const files = (jwksUrl: string) => ({ 'a.json': JSON.stringify(document('Api', 'a', tokensAt(jwksUrl))) });

const allowing = (...allow: string[]) => {
  const egress = createEgress({ transport: noNetwork, timers: systemTimers, rules: egressRules(allow) });
  return { policyKinds, environment: policyEnvironment({ egress }) };
};

describe('a document whose URL names loopback', () => {
  test.each(['http://localhost:8080/jwks', 'https://127.0.0.1:8080/jwks', 'http://[::1]:8080/jwks'])(
    'is in force, and its author is told: %s',
    async (url) => {
      expect(await warningsOf(files(url), allowing())).toEqual([
        expect.stringMatching(/upgrade: .*jwksUrl.*--egress-allow \S+:8080.*`egress-loopback` in docs\/upgrade\.md/),
      ]);
      expect(await faultsOf(files(url), allowing())).toEqual([]);
    },
  );

  test('is not told of where the operator allows it', async () => {
    expect(await warningsOf(files('http://localhost:8080/jwks'), allowing('localhost:8080'))).toEqual([]);
  });

  test('is told of among others', async () => {
    const urls = 'https://issuer.example.com/jwks, http://localhost/jwks';
    expect(await warningsOf(files(urls), allowing())).toHaveLength(1);
  });
});

test('a document whose URL names a link-local address has a fault, in every spelling', async () => {
  for (const host of ['169.254.169.254', '2852039166', '0xa9fea9fe', '[::ffff:a9fe:a9fe]', '[fe80::1]'])
    expect(await faultsOf(files(`https://${host}/jwks`), allowing('0.0.0.0/0'))).toEqual([
      expect.stringMatching(/jwksUrl: it leads to a link-local address/),
    ]);
});

describe('the service', () => {
  test('reaches loopback only where --egress-allow names it, and says so in /readyz', async () => {
    const key = await signingKey('RS256', 'k1');
    await using issuer = new JwksServer(publish(key));
    await issuer.listen();
    const policies = documentsFolder([api('tokens', tokensAt(issuer.url))]);
    const env = { OSTIARY_EGRESS_ALLOW: '' };
    const refusing = await startOstiary({ policies, env });
    const ready = (await (await fetch(`${refusing.adminUrl}/readyz`)).json()) as { keySets: unknown };
    expect(ready.keySets).toMatchObject([
      { failing: true, keys: 0, detail: expect.stringContaining('--egress-allow') },
    ]);
    expect(await (await fetch(`${refusing.adminUrl}/metrics`)).text()).toMatch(
      /ostiary_jwks_fetches_total\{[^}]*outcome="refused"\} [1-9]/,
    );
    await refusing.stop();
    expect(issuer.requests).toBe(0);

    const { host } = new URL(issuer.url);
    const reaching = await startOstiary({ policies, env, args: ['--egress-allow', host] });
    await expect.poll(() => issuer.requests).toBe(1);
    await reaching.stop();
  });

  test('and follows no redirect there', async () => {
    await using inner = new JwksServer(answering(200, '{"keys":[]}'));
    await inner.listen();
    await using issuer = new JwksServer(answering(302, '', { location: inner.url }));
    await issuer.listen();
    const ostiary = await startOstiary({ policies: documentsFolder([api('tokens', tokensAt(issuer.url))]) });
    await expect.poll(() => issuer.requests).toBeGreaterThan(0);
    await ostiary.stop();
    expect(inner.requests).toBe(0);
  });
});
