import { BindPool } from './bind-pool.ts';
import { openConnection } from './connection.ts';
import type { ConnectionPorts, LdapEntry } from './connection.ts';
import type { FilterTemplate } from './filter.ts';
import type { LdapServer } from './server.ts';
import { ServiceConnection } from './service-connection.ts';
import type { ServiceAccount } from './service-connection.ts';

/** How users and their groups are found. */
export interface DirectoryLayout {
  readonly base: string;
  readonly scope: 'one' | 'sub';
  readonly filter: FilterTemplate;
  /** The attribute whose first value is the subject; undefined: the distinguished name is. */
  readonly subjectAttribute: string | undefined;
  /** Further attributes of a user to return. */
  readonly attributes: readonly string[];
  readonly groups: GroupLayout | undefined;
}

/** `attribute`: the user's entry names its groups in it. Otherwise the groups are searched for. */
export type GroupLayout = { readonly attribute: string } | GroupSearch;

interface GroupSearch {
  readonly attribute?: undefined;
  readonly base: string;
  readonly filter: FilterTemplate;
  /** The attribute that holds a group's name; undefined: the distinguished name is used. */
  readonly nameAttribute: string | undefined;
}

/** The directory's answer to a name and a password. */
export type DirectoryAnswer =
  | { readonly found: 'user'; readonly user: DirectoryUser }
  | { readonly found: 'nobody' | 'several' | 'wrong' };

export interface DirectoryUser {
  readonly dn: string;
  readonly subject: string;
  readonly groups: readonly string[];
  /** By the name of the attribute as it was requested. Attributes without a value are absent. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** Further groups are dropped. A user whose required group was dropped is refused. */
const MAX_GROUPS = 1000;

export interface DirectoryOptions {
  readonly server: LdapServer;
  readonly account: ServiceAccount;
  readonly layout: DirectoryLayout;
  readonly ports: ConnectionPorts;
}

/** The users of a directory: found by a search, authenticated by a bind with their own password. */
export class LdapDirectory {
  readonly #layout: DirectoryLayout;
  readonly #service: ServiceConnection;
  readonly #binds: BindPool;

  constructor({ server, account, layout, ports }: DirectoryOptions) {
    this.#layout = layout;
    const open = () => openConnection(server, ports);
    this.#service = new ServiceConnection(open, account);
    this.#binds = new BindPool(open, ports.timers);
  }

  /**
   * @param password not empty: a bind without one is anonymous, and succeeds (RFC 4513, 5.1.2)
   * @throws LdapFault (rejects with it), TypeError where the password is empty
   */
  async authenticate(name: string, password: string): Promise<DirectoryAnswer> {
    if (password === '') throw new TypeError('a bind without a password says nothing');
    const { base, scope, filter, subjectAttribute, attributes, groups } = this.#layout;
    const wanted = new Set([...attributes, subjectAttribute ?? [], groups?.attribute ?? []].flat());
    const [entry, ...others] = await this.#service.search({
      base,
      scope,
      filter: filter.with({ name }),
      // "1.1": no attribute at all (RFC 4511, 4.5.1.8).
      attributes: wanted.size === 0 ? ['1.1'] : [...wanted],
      maxEntries: 2,
    });
    // A bind with an empty name would be an anonymous bind.
    if (entry === undefined || entry.dn === '') return { found: 'nobody' };
    if (others.length > 0) return { found: 'several' };
    if (!(await this.#binds.bind(entry.dn, password))) return { found: 'wrong' };
    return { found: 'user', user: await this.#userOf(entry, name) };
  }

  close(): void {
    this.#service.close();
    this.#binds.close();
  }

  async #userOf(entry: LdapEntry, name: string): Promise<DirectoryUser> {
    const { subjectAttribute, attributes, groups } = this.#layout;
    const known = attributes.map((attribute) => [attribute, entry.values(attribute)] as const);
    return {
      dn: entry.dn,
      subject: subjectOf(entry, name, subjectAttribute),
      groups: groups === undefined ? [] : await this.#groupsOf(entry, name, groups),
      attributes: new Map(known.filter(([, values]) => values.length > 0)),
    };
  }

  async #groupsOf(entry: LdapEntry, name: string, groups: GroupLayout): Promise<readonly string[]> {
    if (groups.attribute !== undefined) return entry.values(groups.attribute).slice(0, MAX_GROUPS);
    const { base, filter, nameAttribute } = groups;
    const found = await this.#service.search({
      base,
      scope: 'sub',
      filter: filter.with({ name, dn: entry.dn }),
      attributes: [nameAttribute ?? '1.1'],
      maxEntries: MAX_GROUPS,
    });
    return found.flatMap((group) => (nameAttribute === undefined ? [group.dn] : group.values(nameAttribute)));
  }
}

/** The subject as the directory spells it, however the caller did. Otherwise one user would count as several. */
function subjectOf(entry: LdapEntry, name: string, attribute: string | undefined): string {
  const values = attribute === undefined ? [] : entry.values(attribute);
  const same = values.find((value) => value.toLowerCase() === name.toLowerCase());
  return same ?? values[0] ?? entry.dn;
}
