import { systemTimers } from '../clock.ts';
import { LdapDirectory } from '../ldap/directory.ts';
import type { GroupLayout } from '../ldap/directory.ts';
import { filterTemplate } from '../ldap/filter.ts';
import type { FilterTemplate } from '../ldap/filter.ts';
import { ldapServer } from '../ldap/server.ts';
import type { LdapServer } from '../ldap/server.ts';
import type { PolicySurroundings } from './environment.ts';
import type { Options } from './ldap-authentication-options.ts';
import { certificateFile, secretFile } from './secret-file.ts';

/** Undefined if the URL is not valid: the check of the options reports it. */
export function serverOf(config: Pick<Options, 'ldapServerURL' | 'allowInsecureLdap'>): LdapServer | undefined {
  const server = ldapServer(config.ldapServerURL, config.allowInsecureLdap);
  return typeof server === 'string' ? undefined : server;
}

/** Makes the directory that the options describe. It does not connect yet. The caller closes it. */
export function openDirectory(
  config: Options,
  { files, egress, timers = systemTimers }: PolicySurroundings,
): LdapDirectory {
  const { authoritiesFile, ldapServerUserPasswordFile: file } = config;
  const server = serverOf(config);
  if (server === undefined) throw new TypeError('ldapServerURL is no URL of a directory');
  const authorities = authoritiesFile === undefined ? undefined : files.content(authoritiesFile, certificateFile);
  const password = file === undefined ? (config.ldapServerUserPassword ?? '') : files.content(file, secretFile);
  const filter = templateOf(config.ldapSearchFilter, '{0}');
  return new LdapDirectory({
    server: { ...server, authorities },
    account: { dn: config.ldapServerUserDn, password },
    layout: {
      base: config.ldapSearchBase,
      scope: config.ldapSearchInSubtree ? 'sub' : 'one',
      filter,
      subjectAttribute: filter.nameAttribute,
      attributes: config.attributes.map(({ attribute }) => attribute),
      groups: config.groups === undefined ? undefined : groupLayout(config.groups),
    },
    ports: { connect: egress.connect, timers, timeoutMs: config.ldapServiceTimeout },
  });
}

function groupLayout(groups: NonNullable<Options['groups']>): GroupLayout {
  const { attribute, searchBase = '', searchFilter = '(member={dn})', nameAttribute } = groups;
  if (attribute !== undefined) return { attribute };
  return { base: searchBase, filter: templateOf(searchFilter, '{dn}'), nameAttribute };
}

function templateOf(text: string, place: '{0}' | '{dn}'): FilterTemplate {
  const template = filterTemplate(text, place);
  if (typeof template === 'string') throw new TypeError(`a search filter ${template}`);
  return template;
}
