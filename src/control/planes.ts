import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { migrated } from '../database/migrate.ts';
import { planeSchema } from './plane-tables.ts';
import type { PlaneTables } from './plane-tables.ts';
import type { SidecarTables } from './sidecar-tables.ts';

export interface PlanesPorts {
  /** This control plane's, drawn at its start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Where a sidecar is. */
export type Whereabouts =
  /** Nobody has joined by this name. */
  | { readonly state: 'unknown' }
  /** @param at when it was heard last, in milliseconds since the Unix epoch */
  | { readonly state: 'away'; readonly at: number }
  /** At another control plane; its URL, where it is known. */
  | { readonly state: 'elsewhere'; readonly address: string | undefined }
  | { readonly state: 'here' };

const SEEN_MS = 30_000;
const FORGOTTEN_MS = 24 * 3_600_000;

/** Which control planes there are on this database, and which sidecar follows which. */
export class Planes {
  readonly #database: Database<PlaneTables & SidecarTables>;
  readonly #ports: PlanesPorts;
  #cancel: () => void = () => {};
  #address: string | undefined;

  private constructor(database: Database<PlaneTables & SidecarTables>, ports: PlanesPorts) {
    this.#database = database;
    this.#ports = ports;
  }

  /** @throws DatabaseFault (rejects with it) */
  static async open<Tables>(database: Database<Tables>, ports: PlanesPorts): Promise<Planes> {
    const own = database as unknown as Database<PlaneTables & SidecarTables>;
    return new Planes(await migrated(own, planeSchema), ports);
  }

  /** This control plane listens here from now on. */
  listen(address: string): void {
    this.#address = address;
    void this.#tell();
  }

  /** @throws DatabaseFault (rejects with it) */
  async find(node: string): Promise<Whereabouts> {
    const row = await this.#database.kysely
      .selectFrom('sidecar')
      .leftJoin('control_plane', 'control_plane.instance', 'sidecar.instance')
      .select(['sidecar.instance', 'is_connected', 'last_contact_at', 'address'])
      .where('node', '=', node)
      .executeTakeFirst();
    if (row === undefined) return { state: 'unknown' };
    if (row.is_connected !== 1) return { state: 'away', at: row.last_contact_at };
    if (row.instance === this.#ports.instance) return { state: 'here' };
    return { state: 'elsewhere', address: row.address ?? undefined };
  }

  /** The names of all sidecars. @throws DatabaseFault (rejects with it) */
  async names(): Promise<readonly string[]> {
    const rows = await this.#database.kysely.selectFrom('sidecar').select('node').limit(10_000).execute();
    return rows.map(({ node }) => node);
  }

  async close(): Promise<void> {
    this.#cancel();
    const { instance } = this.#ports;
    await this.#database.kysely
      .deleteFrom('control_plane')
      .where('instance', '=', instance)
      .execute()
      .catch(() => {});
  }

  /** Never rejects: what fails is tried again with the next. */
  async #tell(): Promise<void> {
    const { clock, instance, timers } = this.#ports;
    const now = clock.now();
    const address = this.#address ?? '';
    this.#cancel = timers.after(SEEN_MS, () => void this.#tell());
    try {
      const { kysely } = this.#database;
      await kysely
        .insertInto('control_plane')
        .values({ instance, address, seen_at: now })
        .onConflict((conflict) => conflict.column('instance').doUpdateSet({ address, seen_at: now }))
        .execute();
      await kysely
        .deleteFrom('control_plane')
        .where('seen_at', '<', now - FORGOTTEN_MS)
        .execute();
    } catch {
      // Its sidecars are found all the same, without its address.
    }
  }
}

/** A URL that leads here from other machines: what listens everywhere is reached by the host's name. */
export function reachable(url: string, host: string): string {
  return url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:|$)/, `//${host}`);
}
