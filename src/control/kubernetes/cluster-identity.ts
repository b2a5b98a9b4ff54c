import { sql } from 'kysely';
import type { Database, Schema } from '../../database/database.ts';
import { migrated } from '../../database/migrate.ts';
import type { Cluster } from '../../kubernetes/connection.ts';
import { KubernetesFault } from '../../kubernetes/fault.ts';
import { NAMESPACES } from '../../kubernetes/resource-type.ts';

/** The clusters whose objects are in the log. */
interface ClusterTable {
  /** Of `--cluster-name`; empty: none was given. */
  readonly name: string;
  /** Of its namespace `kube-system`: no two clusters have the same, and none ever gets another. */
  readonly uid: string;
}

interface ClusterTables {
  readonly kubernetes_cluster: ClusterTable;
}

const schema: Schema = { part: 'kubernetes', migrations: [{ version: 1, up: createTables }] };

async function createTables({ kysely }: Pick<Database<unknown>, 'kysely'>): Promise<void> {
  await sql`CREATE TABLE kubernetes_cluster (name text PRIMARY KEY, uid text NOT NULL)`.execute(kysely);
}

export interface IdentityOptions {
  readonly name: string | undefined;
  /** Of `--kubernetes-cluster-uid`: it may take the place of the one before. */
  readonly uid: string | undefined;
}

/**
 * Makes sure that a cluster is the one whose objects the log has. Of another one, with a wrong kubeconfig or after a
 * rebuild, every list is complete, and has none of them: all would be taken for deleted.
 */
export class ClusterIdentity {
  readonly #database: Database<ClusterTables>;
  readonly #options: IdentityOptions;

  private constructor(database: Database<ClusterTables>, options: IdentityOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** @throws DatabaseFault (rejects with it) */
  static async open<Tables>(database: Database<Tables>, options: IdentityOptions): Promise<ClusterIdentity> {
    return new ClusterIdentity(await migrated(database as unknown as Database<ClusterTables>, schema), options);
  }

  /**
   * The first cluster of a name is that from then on.
   * @throws KubernetesFault, DatabaseFault (rejects with them)
   */
  async check(cluster: Pick<Cluster, 'get'>): Promise<void> {
    const namespace = await cluster.get(NAMESPACES, { name: 'kube-system' });
    const uid = namespace?.metadata.uid;
    if (uid === undefined) throw new KubernetesFault('the cluster has no namespace kube-system to know it by', {});
    const name = this.#options.name ?? '';
    const { kysely } = this.#database;
    const known = await kysely
      .selectFrom('kubernetes_cluster')
      .select('uid')
      .where('name', '=', name)
      .executeTakeFirst();
    if (known?.uid === uid) return;
    if (known === undefined || this.#options.uid === uid) {
      await kysely
        .insertInto('kubernetes_cluster')
        .values({ name, uid })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ uid }))
        .execute();
      return;
    }
    const called = name === '' ? 'without --cluster-name' : `called ${name}`;
    throw new KubernetesFault(
      `this is not the cluster ${called} whose objects are known (kube-system has the uid ${uid}, and not ${known.uid}): ` +
        `give the right kubeconfig, or another --cluster-name; where it took that one's place, --kubernetes-cluster-uid ${uid}`,
      {},
    );
  }
}
