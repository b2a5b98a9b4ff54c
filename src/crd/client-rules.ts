import { raw, rules } from './rule.ts';
import type { Additions } from './rule.ts';

const SECRET = rules({
  rule: 'has(self.secretRef) ? !has(self.salt) && !has(self.sha256) : has(self.salt) && has(self.sha256)',
  message: 'expected either secretRef, or salt and sha256',
});

const once = (field: string): string =>
  `self.all(each, !has(each.${field}) || self.exists_one(other, has(other.${field}) && other.${field} == each.${field}))`;

export const clientRules: Additions = {
  'ClientApplication spec': rules({
    rule: '!has(self.clientSecret) || !has(self.clientSecrets)',
    message: 'contradicts clientSecret: move that secret into this list',
    fieldPath: '.clientSecrets',
  }),
  'ClientApplication spec.clientSecret': SECRET,
  'ClientApplication spec.clientSecrets[]': SECRET,
  'ClientApplication spec.apiKeys': rules(
    { rule: once('id'), message: 'another key of this list has this id: one of them is enough' },
    { rule: once('hmac'), message: 'another key of this list is the same: one of them is enough' },
  ),
  'ClientApplication spec.apiKeys[]': rules({
    rule: 'has(self.hmac) ? !has(self.id) && !has(self.salt) && !has(self.sha256) && !has(self.secretRef) : has(self.id) && (has(self.secretRef) ? !has(self.salt) && !has(self.sha256) : has(self.salt) && has(self.sha256))',
    message: 'expected id and secretRef; or id, salt and sha256; or hmac alone',
  }),
  'ClientApplication spec.principals': { 'x-kubernetes-list-type': 'set' },
  'ClientApplication spec.principals[]': {
    maxLength: 2048,
    ...rules(
      {
        rule: `self.matches(${raw(String.raw`^spiffe://[a-z0-9._-]{1,255}(?:/(?:\*|[A-Za-z0-9._-]+))*(?:/\*\*)?$`)}) && !self.matches(${raw(String.raw`/\.{1,2}(?:/|$)`)})`,
        message:
          'expected a SPIFFE id such as spiffe://cluster.local/ns/shop/sa/web; "*" stands for a whole segment, "**" for one or more at the end',
      },
      {
        rule: `!self.contains('*') || self.matches(${raw('^spiffe://[^/]+(?:/[^/]+){0,16}$')})`,
        message: 'a pattern has at most 16 segments',
      },
    ),
  },
};
