import { describe, expect, test } from 'vitest';
import { isSecret, parseSecretHash } from '../../src/contract/secret.ts';
import { fileDocument } from '../../src/control/file-documents.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document } from '../document/documents.ts';

interface Written {
  readonly spec: Record<string, unknown>;
}
const kept = (written: object, before?: unknown) => fileDocument(written, before, policyKinds) as Written;
const IN_ITS_FILE = '$OSTIARY_KEPT_IN_ITS_FILE';

describe('what the log keeps of a document in a file', () => {
  test('is the document as it is written, where it has no secret', () => {
    const api = document('Api', 'orders', { basePath: '/orders', policies: [{ policyRef: { name: 'ip-allowlist' } }] });
    expect(kept(api)).toEqual(api);
  });

  test('is the hash of a secret that is compared, the same as before for the same secret', () => {
    const secrets = { clientSecret: { value: 'one-secret' }, apiKeys: [{ id: 'k', value: 'k.another' }] };
    const app = document('ClientApplication', 'web', { clientId: 'web', ...secrets });
    const first = kept(app);
    expect(JSON.stringify(first)).not.toMatch(/one-secret|another/);
    expect(isSecret(parseSecretHash(first.spec['clientSecret'] as Hash), 'one-secret')).toBe(true);
    expect(kept(app, first)).toEqual(first);
  });

  test('names the variable or the file of a secret, and never what of it is written beside a variable', () => {
    const of = (source: object) =>
      kept(document('ClientApplication', 'web', { clientId: 'web', clientSecret: source })).spec['clientSecret'];
    expect(of({ value: '$NAME' })).toEqual({ value: '$NAME' });
    // eslint-disable-next-line no-template-curly-in-string
    expect(of({ value: '${NAME}' })).toEqual({ value: '${NAME}' });
    expect(of({ file: 'secrets/web' })).toEqual({ file: 'secrets/web' });
    // eslint-disable-next-line no-template-curly-in-string
    expect(of({ value: 'half-${NAME}' })).toEqual({ value: IN_ITS_FILE });
  });

  test('has no secret of a policy, at any depth', () => {
    const ldap = (password: string) => ({
      policyRef: { name: 'ldap-authentication' },
      config: { ldapServerUrl: 'ldaps://directory', ldapServerUserPassword: password },
    });
    const hmac = { policyRef: { name: 'jwt-validation' }, config: { signingMethod: 'hmac', textKey: 'k'.repeat(32) } };
    const anyOf = [ldap('a-plain-password'), { allOf: [ldap('another-password'), hmac] }];
    const written = document('Api', 'a', { policies: [{ authentication: { anyOf } }, ldap('$LDAP_PASSWORD')] });
    const text = JSON.stringify(kept(written));
    expect(text).not.toMatch(/a-plain-password|another-password|kkkk/);
    expect(text.split(IN_ITS_FILE)).toHaveLength(4);
    expect(text).toContain('"$LDAP_PASSWORD"');
    const binding = document('PolicyBinding', 'b', {
      targetRef: { kind: 'Api', name: 'a' },
      ...ldap('a-plain-password'),
    });
    expect(JSON.stringify(kept(binding))).not.toContain('a-plain-password');
  });

  test('keeps a public key', () => {
    const textKey = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n';
    const jwt = { policyRef: { name: 'jwt-validation' }, config: { textKey } };
    expect(JSON.stringify(kept(document('Api', 'a', { policies: [jwt] })))).toContain('BEGIN PUBLIC KEY');
  });

  test('has no secret of a webhook', () => {
    const webhook = document('Webhook', 'w', {
      url: { value: 'https://x/T0KEN' },
      signingSecret: { value: 'whsec_abc' },
    });
    expect(kept(webhook).spec).toEqual({ url: { value: IN_ITS_FILE }, signingSecret: { value: IN_ITS_FILE } });
  });

  test('has no URL of Slack, which is a secret', () => {
    const of = (url: string) => kept(document('Webhook', 'w', { url, format: 'slack' })).spec['url'];
    expect(of('https://hooks.slack.com/services/T0/B0/S3CRET')).toBe(IN_ITS_FILE);
    expect(of('$SLACK_URL')).toBe('$SLACK_URL');
  });

  test('is whatever is written of what is no document', () => {
    expect(kept({ kind: 'Api' })).toEqual({ kind: 'Api' });
    expect(fileDocument('text', undefined, policyKinds)).toBe('text');
  });
});

type Hash = Parameters<typeof parseSecretHash>[0];
