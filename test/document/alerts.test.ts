import { describe, expect, it } from 'vitest';
import type { AlertRule } from '../../src/alerts/rule.ts';
import { compileFolder, document, faultsOf, snapshotOf, warningsOf, writeFolder } from './documents.ts';

const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] }];
const orders = document('Api', 'orders', { hosts: ['orders.example.com'], tiers: TIERS }, { labels: { team: 'shop' } });
const users = document('Api', 'users', { hosts: ['users.example.com'] });
const web = document('ClientApplication', 'web', { clientId: 'web-1' });
const ops = document('Webhook', 'ops', { url: 'https://hooks.example.com/x' });
const alert = (spec: object, metadata: object = {}) =>
  document('Alert', 'busy', { api: 'orders', metric: 'requests', threshold: 100, window: '5m', ...spec }, metadata);

async function rulesOf(...documents: readonly object[]): Promise<readonly AlertRule[]> {
  const compiled = await compileFolder(writeFolder({ 'a.json': [orders, users, web, ops, ...documents] }));
  if (compiled.snapshot === undefined) throw new Error(JSON.stringify(compiled.faults));
  return compiled.alerting.rules;
}

async function messagesOf(spec: object): Promise<readonly string[]> {
  const faults = await faultsOf({ 'a.json': [orders, users, web, ops], 'b.json': alert(spec) });
  return faults.map((fault) => fault.replace(/^b\.json:\d+:\d+: spec\./, ''));
}

describe('a document of kind Alert', () => {
  it('is compiled with its defaults and qualified names', async () => {
    expect(await rulesOf(alert({ filter: { client: 'web', status: ['5xx', '404'] }, notify: ['ops'] }))).toEqual([
      {
        name: 'busy',
        displayName: undefined,
        description: undefined,
        metric: 'requests',
        apis: ['orders'],
        isEveryApi: false,
        filter: { client: ['web'], status: ['5xx', '404'] },
        statistic: 'p95',
        objective: 0,
        operator: 'above',
        threshold: 100,
        windowMs: 300_000,
        shortWindowMs: 0,
        forMs: 0,
        severity: 'warning',
        notify: ['ops'],
      },
    ]);
  });

  it.each([
    [
      { metric: 'responseTime', threshold: '1.5s', statistic: 'p99' },
      { threshold: 1500, statistic: 'p99' },
    ],
    [
      { metric: 'errorRatio', threshold: '5%', for: '10m' },
      { threshold: 0.05, forMs: 600_000 },
    ],
    [
      { metric: 'quotaUsed', threshold: '80%', window: undefined },
      { threshold: 0.8, windowMs: 0 },
    ],
    [
      { metric: 'completeness', threshold: '99%', api: undefined },
      { threshold: 0.99, operator: 'below', apis: [], windowMs: 300_000 },
    ],
    [
      { metric: 'burnRate', threshold: 14.4, objective: '99.9%', window: '1h' },
      { threshold: 14.4, objective: 0.999, windowMs: 3_600_000, shortWindowMs: 300_000 },
    ],
  ])('%j', async (spec, expected) => {
    const [rule] = await rulesOf(alert(spec));
    expect(rule).toMatchObject(expected);
  });

  it('is about the APIs of its namespace that its selector chooses, or about each of them', async () => {
    const apisOf = async (spec: object) => (await rulesOf(alert({ api: undefined, ...spec })))[0]?.apis;
    expect(await apisOf({})).toEqual(['orders', 'users']);
    expect(await apisOf({ selector: { labels: { team: 'shop' } } })).toEqual(['orders']);
    const other = document('Api', 'x', { hosts: ['x.example.com'] }, { namespace: 'other' });
    const names = (rules: readonly AlertRule[]) => rules.map(({ name, apis }) => [name, apis]);
    const everywhere = alert({ api: undefined }, { namespace: 'platform' });
    expect(names(await rulesOf(other, everywhere, alert({ api: undefined })))).toEqual([
      ['busy', ['orders', 'users']],
      ['platform/busy', ['orders', 'other/x', 'users']],
    ]);
  });

  it.each([
    [{ api: 'order' }, ['api: there is no Api of this name; did you mean "orders"?']],
    [{ notify: ['opps'] }, ['notify[0]: there is no Webhook of this name; did you mean "ops"?']],
    [{ filter: { client: 'wbe' } }, ['filter.client: there is no ClientApplication of this name; did you mean "web"?']],
    [{ filter: { tier: 'silver' } }, ['filter.tier: no API that is meant has the tier "silver"; there are gold']],
    [
      { filter: { reason: 'quota_spend' } },
      ['filter.reason: there is no reason "quota_spend"; did you mean "quota_spent"?'],
    ],
    [
      { filter: { status: '5x' } },
      ['filter.status: expected a status such as "404", a class such as 5xx, or "0" for none'],
    ],
    [
      { api: undefined, selector: { labels: { team: 'nobody' } } },
      ['selector.labels: no API has all of these labels, so the alert would never fire'],
    ],
    [{ selector: { labels: { team: 'shop' } } }, ['selector: contradicts api: remove one of the two']],
    [{ metric: 'response' }, [expect.stringMatching(/^metric: expected one of requests, denials/) as string]],
    [{ threshold: '5%' }, ['threshold: expected a number of requests, for metric: requests']],
    [
      { metric: 'responseTime', threshold: 500 },
      ['threshold: expected a duration such as 500ms, for metric: responseTime'],
    ],
    [{ metric: 'errorRatio', threshold: '500%' }, ['threshold: expected at most 100%']],
    [{ window: '55s' }, ['window: expected a duration from 1m to 30d, in steps of 10s']],
    [{ window: undefined }, ['window: is missing: expected a duration such as 5m']],
    [{ statistic: 'p99' }, ['statistic: has no effect with metric: requests; remove it']],
    [
      { metric: 'denials', filter: { status: '4xx' } },
      ['filter.status: has no effect with metric: denials; it knows client, tier, policy, reason'],
    ],
    [{ metric: 'denials', operator: 'below' }, ['operator: with metric: denials it is above']],
    [{ metric: 'burnRate', threshold: 2 }, ['objective: is missing: expected a percentage such as 99.9%']],
    [
      { metric: 'burnRate', threshold: 14.4, objective: '90%' },
      ['threshold: no share of failures is so large: with 90% it is below 10'],
    ],
    [{ treshold: 3 }, ['treshold: unknown field; did you mean "threshold"?']],
  ])('with %j is a fault', async (spec, expected) => {
    expect(await messagesOf(spec)).toEqual(expected);
  });

  it('whose API has a fault itself has none for it', async () => {
    const faulty = document('Api', 'orders', { hots: [] });
    expect(await faultsOf({ 'a.json': [faulty, alert({})] })).toEqual([
      expect.stringContaining('spec.hots: unknown field') as string,
    ]);
  });

  it('changes nothing that is decided: the version stays', async () => {
    const without = await snapshotOf({ 'a.json': [orders, users] });
    const withAlert = await snapshotOf({ 'a.json': [orders, users, alert({})] });
    expect(withAlert.version).toBe(without.version);
  });
});

describe('a document of kind Webhook', () => {
  const webhooksOf = async (...documents: object[]) => {
    const compiled = await compileFolder(
      writeFolder({ 'a.json': [orders, ...documents], 'url.txt': 'https://hooks.example.com/secret\n' }),
      { env: { KEY: `whsec_${Buffer.alloc(24, 'key').toString('base64')}` } },
    );
    if (compiled.snapshot === undefined) throw new Error(JSON.stringify(compiled.faults));
    return [...compiled.alerting.webhooks.values()];
  };

  it('takes its URL from a file and the key of its signatures from the environment', async () => {
    const spec = { url: { file: 'url.txt' }, format: 'slack', signingSecret: { value: '$KEY' } };
    expect(await webhooksOf(document('Webhook', 'ops', spec))).toEqual([
      { name: 'ops', url: 'https://hooks.example.com/secret', format: 'slack', signingKey: Buffer.alloc(24, 'key') },
    ]);
  });

  it.each([
    [{ url: 'hooks.example.com' }, 'spec.url: is no URL, such as https://issuer.example.com/jwks.json'],
    [{ url: 'http://hooks.example.com/' }, 'spec.url: over http: anyone on the way can read and replace'],
    [{ url: 'https://169.254.169.254/' }, 'spec.url: it leads to a link-local address'],
    [{ url: '$NOWHERE' }, 'spec.url: the environment variable NOWHERE is not set'],
    [{ url: { file: 'none.txt' } }, 'spec.url: its file: '],
    [{ url: 'https://a.example.com', signingSecret: 'plain' }, 'spec.signingSecret: '],
    [
      { url: 'https://a.example.com', signingSecret: { value: 'plain-text-of-23-bytes.' } },
      'spec.signingSecret: expected a secret of at least 24 bytes, such as "whsec_" and the output of openssl rand',
    ],
    [{ url: 'https://a.example.com', signingSecret: { value: 'whsec_cGxhaW4=' } }, 'spec.signingSecret: expected'],
  ])('with %j is a fault, which shows no secret', async (spec, expected) => {
    const faults = await faultsOf({ 'a.json': [orders, document('Webhook', 'ops', spec)] });
    expect(faults).toEqual([expect.stringContaining(expected) as string]);
    expect(faults.join()).not.toContain('plain');
  });

  it('on loopback warns, where the operator has not allowed that', async () => {
    const told = await warningsOf({
      'a.json': [orders, document('Webhook', 'ops', { url: 'http://127.0.0.1:9000/' })],
    });
    expect(told).toEqual([expect.stringContaining('names loopback, which is not reached') as string]);
  });
});
