import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/policy/policy.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, snapshotOf, warningsOf } from '../document/documents.ts';
import { decide as decideOn } from '../../src/decision/pipeline.ts';
import { checkOf, portsOf, requestOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { NO_FILES } from '../../src/document/file-contents.ts';

type Name = 'ip-allowlist' | 'ip-blocklist';

function policyOf(name: Name, config: object): AccessPolicy {
  const kind = policyKinds.get(name);
  const surroundings = { files: NO_FILES } as Parameters<NonNullable<typeof kind>['create']>[1];
  return kind?.create(kind.options.parse(config), surroundings) as AccessPolicy;
}

function decide(name: Name, config: object, parts: CheckParts): Outcome {
  return policyOf(name, config).decide(requestOf(checkOf(parts))) as Outcome;
}

const passes = (outcome: Outcome) => outcome.reason === undefined;
const from = (sourceAddress: string): CheckParts => ({ sourceAddress });

describe('ip-allowlist', () => {
  const config = { ips: ['192.168.1.1', '192.168.3.1/30', '192.168.2', '2001:db8::/32'] };

  it('admits the addresses on its list and denies all others', () => {
    const listed = ['192.168.1.1', '192.168.3.2', '192.168.2.200', '2001:db8::1', '::ffff:192.168.1.1'];
    const others = ['192.168.1.2', '192.168.3.4', '192.168.20.1', '2001:db9::1', '::192.168.1.1'];
    expect(listed.filter((address) => !passes(decide('ip-allowlist', config, from(address))))).toEqual([]);
    expect(others.filter((address) => passes(decide('ip-allowlist', config, from(address))))).toEqual([]);
    expect(decide('ip-allowlist', config, from('192.168.1.2'))).toEqual({
      reason: 'address_refused',
      detail: '192.168.1.2 is not on the allowlist',
    });
  });

  it('takes a peer on the same link for its address, whatever its interface', () => {
    expect(passes(decide('ip-allowlist', { ips: ['fe80::/10'] }, from('fe80::1%eth0')))).toBe(true);
  });
});

describe('ip-blocklist', () => {
  it('denies the addresses on its list and admits all others', () => {
    const config = { ips: ['192.160', '::ffff:10.0.0.0/104'] };
    expect(passes(decide('ip-blocklist', config, from('192.161.0.1')))).toBe(true);
    for (const address of ['192.160.255.1', '10.1.2.3', '::ffff:10.1.2.3']) {
      expect(decide('ip-blocklist', config, from(address))).toEqual({
        reason: 'address_refused',
        detail: `${address} is on the blocklist`,
      });
    }
  });
});

describe.each(['ip-allowlist', 'ip-blocklist'] as const)('%s', (name) => {
  const any = { ips: ['0.0.0.0/0', '::/0'] };
  const open = name === 'ip-allowlist' ? any : { ips: ['203.0.113.0/24'] };
  const byHeader = { ...open, ipExpression: "#[attributes.headers['x-real-ip']]" };

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['a port', '192.0.2.7:443'],
    ['brackets', '[2001:db8::1]'],
    ['a scope id', 'fe80::1%25eth0'],
    ['two addresses', '192.0.2.7,192.0.2.8'],
    ['octal digits', '0300.0.2.7'],
    ['a short form', '127.1'],
    ['a number', '3221225991'],
    ['white space', ' 192.0.2.7'],
    ['another sort of digits', '１９２.0.2.7'],
    ['a NUL byte', '192.0.2.7\0'],
    ['a name', 'localhost'],
    ['very much', '1.'.repeat(30_000)],
  ])('denies where the expression finds %s', (_what, value) => {
    const parts = value === undefined ? {} : { headers: { 'x-real-ip': value } };
    expect(decide(name, byHeader, parts)).toMatchObject({ reason: 'address_refused' });
    expect(passes(decide(name, byHeader, { headers: { 'x-real-ip': '192.0.2.7' } }))).toBe(true);
  });

  it('denies a peer that has no address, such as one on a Unix socket', () => {
    expect(decide(name, open, from(''))).toEqual({
      reason: 'address_refused',
      detail: 'the address of the client is not there',
    });
  });

  it('refuses options that name nothing, or entries that are none', async () => {
    const api = (config: object) =>
      document('Api', 'a', { policies: [{ policyRef: { name: `${name}-flex` }, config }] });
    const kinds = { policyKinds };
    const told = async (config: object) =>
      (await faultsOf({ 'a.json': api(config) }, kinds)).map((fault) =>
        fault.replace(/^a\.json:\d+:\d+: spec\.policies\[0\]\.config\.?/, ''),
      );
    expect(await told({})).toEqual(['ips: is missing: name addresses here, or files of them']);
    expect(await told({ ips: [192.16, '10.0.0.1/40'] })).toEqual([
      'ips[0]: expected text, got a number: put it in quotes',
    ]);
    expect(await told({ ips: ['10.0.0.1/40', '10'] })).toEqual([
      'ips[0]: has a prefix that is not a number from 0 to 32',
      expect.stringContaining('ips[1]: is a single number'),
    ]);
    expect(await told({ ips: ['10.'], ipExpression: '10.0.0.1' })).toEqual([expect.stringContaining('is a literal')]);
    expect(await told({ ips: ['10.'], ipExpression: '#[vars.claimSet.ip]' })).toEqual([
      expect.stringContaining('selects a claim, and no'),
    ]);
    expect(await told({ files: ['none.txt'] })).toEqual([
      expect.stringMatching(/^files\[0\]: the list of addresses .*none.txt: there is no such file/),
    ]);
  });

  it('warns of an address that callers choose', async () => {
    const told = async (ipExpression: unknown) => {
      const api = document('Api', 'a', { policies: [{ policyRef: { name }, config: { ips: ['10.'], ipExpression } }] });
      return warningsOf({ 'a.json': api }, { policyKinds });
    };
    const warning = [expect.stringContaining('config.ipExpression: selects what callers can send as they like')];
    expect(await told("#[attributes.headers['x-forwarded-for']]")).toEqual(warning);
    expect(await told({ cel: "request.headers['x-forwarded-for'].split(',')[0]" })).toEqual(warning);
    expect(await told({ cel: 'source.address' })).toEqual([]);
  });
});

describe('lists of addresses in files', () => {
  const api = (config: object) => document('Api', 'a', { policies: [{ policyRef: { name: 'ip-allowlist' }, config }] });
  const changed = { policyKinds };

  it('count together with those of the options', async () => {
    const files = { 'one.txt': '192.0.2.7 # Ann\n', 'two.txt': '2001:db8::/32\n' };
    const snapshot = await snapshotOf(
      { ...files, 'a.json': api({ ips: ['10.'], files: ['one.txt', 'two.txt'] }) },
      changed,
    );
    const outcomes = await Promise.all(
      ['10.9.8.7', '192.0.2.7', '2001:db8::1', '192.0.2.8'].map(async (sourceAddress) => {
        const decision = await decideOn(snapshot, checkOf({ sourceAddress }), portsOf(), Infinity);
        return decision.denial?.reason;
      }),
    );
    expect(outcomes).toEqual([undefined, undefined, undefined, 'address_refused']);
  });

  it('that hold nothing deny everyone, and are warned of', async () => {
    const told = [expect.stringContaining('config.files: holds no address, so that every request is denied')];
    expect(await warningsOf({ 'one.txt': '# nobody yet\n', 'a.json': api({ files: ['one.txt'] }) }, changed)).toEqual(
      told,
    );
    expect(await warningsOf({ 'a.json': api({ ips: [] }) }, changed)).toEqual([
      expect.stringContaining('config.ips: holds no address'),
    ]);
    expect(decide('ip-allowlist', { ips: [] }, from('10.0.0.1'))).toMatchObject({ reason: 'address_refused' });
  });
});
