import { describe, expect, test } from 'vitest';
import { classOf } from '../../src/egress/address.ts';
import { problemOfDocumentUrl } from '../../src/egress/document-url.ts';
import { egressRules, isEgressAllow } from '../../src/egress/rules.ts';

const none = egressRules([]);
const problemOf = (url: string, rules = none): string | undefined => rules.problemOf(new URL(url));

describe('an address', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'febf:ffff::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fd00:42::42',
    '::',
    'ff02::1',
    // IPv4 inside IPv6: mapped, translated, compatible, NAT64 and 6to4.
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '64:ff9b::6464:64c8',
    '::ffff:0.0.0.0',
    // What is no address at all is no address to go to.
    'metadata',
    '',
  ])('%s is forbidden', (address) => {
    expect(classOf(address)).toBe('forbidden');
  });

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('%s is loopback', (address) => {
    expect(classOf(address)).toBe('loopback');
  });

  test.each([
    '10.0.0.1',
    '192.168.1.1',
    '203.0.113.7',
    '100.100.100.201',
    '2001:db8::1',
    'fd00:ec3::1',
    'fec0::1',
    '::2:1:1',
  ])('%s is another', (address) => {
    expect(classOf(address)).toBe('other');
  });
});

describe('a URL', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.169.254./',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://0xa9.254.0251.254/',
    'https://[fe80::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fd00:ec2::254]/',
    'http://①⑥⑨.254.169.254/',
    'http://0/',
    'http://[::]/',
  ])('%s leads nowhere, whatever is allowed', (url) => {
    const rules = egressRules(['0.0.0.0/0', '::/0', '169.254.169.254.example.com', new URL(url).hostname]);
    expect(problemOf(url, rules)).toMatch(/link-local/);
    expect(problemOfDocumentUrl(url, { option: 'x', isSet: true })).toMatch(/link-local/);
  });

  test.each([
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost:8080/',
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
  ])('%s leads to loopback', (url) => {
    expect(problemOf(url)).toMatch(/--egress-allow/);
  });

  test('of any other host shows nothing', () => {
    for (const url of ['https://issuer.example.com/', 'http://10.0.0.1/', 'https://[2001:db8::1]/'])
      expect(problemOf(url)).toBeUndefined();
  });
});

describe('--egress-allow', () => {
  test.each([
    ['127.0.0.1', 'http://127.0.0.1:8080/', true],
    ['127.0.0.1', 'http://127.0.0.2:8080/', false],
    ['127.0.0.0/8', 'http://127.0.0.2/', true],
    ['127.0.0.0/8', 'http://[::ffff:127.0.0.2]/', true],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/', true],
    ['127.0.0.1:8080', 'http://127.0.0.1:9190/', false],
    ['[::1]:443', 'https://[::1]/', true],
    ['[::1]:443', 'http://[::1]/', false],
    ['::1', 'http://[::1]/', true],
    ['localhost', 'http://localhost:1/', true],
    ['LOCALHOST.', 'http://localhost:1/', true],
    ['localhost:8080', 'http://localhost:8080/', true],
    ['localhost:8080', 'http://localhost/', false],
    // A name is its own: it says nothing of an address.
    ['localhost', 'http://127.0.0.1/', false],
    // And an address holds for the names that lead to it.
    ['127.0.0.1', 'http://localhost/', true],
    ['issuer.internal', 'http://localhost/', false],
  ])('%s: %s is reached: %s', (allow, url, reached) => {
    expect(problemOf(url, egressRules([allow])) === undefined).toBe(reached);
  });

  test('a name may lead to loopback where it is named, and nowhere forbidden', () => {
    const rules = egressRules(['issuer.internal:8080']);
    expect(rules.problemOfAddress('127.0.0.1', 'issuer.internal', 8080)).toBeUndefined();
    expect(rules.problemOfAddress('127.0.0.1', 'ISSUER.internal.', 8080)).toBeUndefined();
    expect(rules.problemOfAddress('127.0.0.1', 'issuer.internal', 8081)).toMatch(/loopback/);
    expect(rules.problemOfAddress('127.0.0.1', 'other.internal', 8080)).toMatch(/loopback/);
    expect(rules.problemOfAddress('169.254.1.1', 'issuer.internal', 8080)).toMatch(/link-local/);
  });

  test.each([
    ['127.0.0.1', true],
    ['127.0.0.0/8', true],
    ['0.0.0.0/0', true],
    ['::/0', true],
    ['::1', true],
    ['[::1]:8080', true],
    ['localhost', true],
    ['localhost:8080', true],
    ['issuer.internal', true],
    ['169.254.169.254', false],
    ['169.254.0.0/16', false],
    ['fe80::/10', false],
    ['0.0.0.0', false],
    ['http://localhost', false],
    ['localhost:0', false],
    ['localhost:99999', false],
    ['localhost:', false],
    ['127.0.0.1/33', false],
    ['2130706433', false],
    ['*', false],
    ['', false],
    ['a b', false],
  ])('takes %s: %s', (text, taken) => {
    expect(isEgressAllow(text)).toBe(taken);
  });
});
