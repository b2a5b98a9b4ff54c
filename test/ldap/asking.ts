import { onTestFinished } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { egressConnect } from '../../src/egress/connect.ts';
import { systemResolve } from '../../src/egress/lookup.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { LdapDirectory } from '../../src/ldap/directory.ts';
import type { DirectoryLayout } from '../../src/ldap/directory.ts';
import { filterTemplate } from '../../src/ldap/filter.ts';
import type { FilterTemplate } from '../../src/ldap/filter.ts';
import { ldapServer } from '../../src/ldap/server.ts';
import type { LdapServer } from '../../src/ldap/server.ts';
import { SERVICE } from '../real/slapd.ts';

export function template(text: string, place: '{0}' | '{dn}' = '{0}'): FilterTemplate {
  const made = filterTemplate(text, place);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

export function serverOf(url: string, isPlain = false): LdapServer {
  const server = ldapServer(url, isPlain);
  if (typeof server === 'string') throw new Error(server);
  return server;
}

const usual: DirectoryLayout = {
  base: 'ou=people,dc=example,dc=com',
  scope: 'one',
  filter: template('(uid={0})'),
  subjectAttribute: 'uid',
  attributes: ['mail', 'title'],
  groups: { attribute: 'memberOf' },
};

export interface Asked {
  readonly server: LdapServer;
  readonly layout?: Partial<DirectoryLayout>;
  readonly account?: typeof SERVICE;
  readonly allow?: readonly string[];
  readonly timeoutMs?: number;
}

/** A directory that ends with the test. */
export function directoryAt({
  server,
  layout,
  account = SERVICE,
  allow = ['127.0.0.0/8', 'localhost'],
  timeoutMs = 5000,
}: Asked) {
  const connect = egressConnect({ rules: egressRules(allow), resolve: systemResolve(), timers: systemTimers });
  const ports = { connect, timers: systemTimers, timeoutMs };
  const made = new LdapDirectory({ server, account, layout: { ...usual, ...layout }, ports });
  onTestFinished(() => made.close());
  return made;
}
