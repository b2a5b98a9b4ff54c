// Many sidecars' streams in one process, without sidecars: each joins, follows, acknowledges at once what it is sent, and
// comes back when its connection ends, as a sidecar does. Forked by raw-mesh.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit, FollowResponse } from '../../gen/ostiary/v1/sync_pb.js';
import { comingBackMs } from '../../src/sync/coming-back.ts';
import { RawFollower, say } from './raw-follower.ts';
import type { MeshNews, MeshOptions } from './raw-mesh.ts';

/** The control plane takes a bounded number of calls at once. */
const JOINING = 32;
const PING_MS = 10_000;

const { port, token, streams, prefix } = JSON.parse(process.argv[2] ?? '') as MeshOptions;
/** How many have each revision. */
const counts = new Map<bigint, number>();
let connected = 0;
let snapshots = 0;
let refusals = 0;

function tell(news: MeshNews): void {
  process.send?.(news);
}

class Node {
  readonly #credential: string;
  #commit: Commit | undefined;
  #stream: RawFollower | undefined;
  #failures = 0;
  #hadAnswer = false;
  #heardAt = performance.now();

  constructor(credential: string) {
    this.#credential = credential;
  }

  follow(): void {
    const { position, stateHash = 0n } = this.#commit ?? {};
    const hello = say({
      case: 'hello',
      value: {
        version: 'test',
        stateHash,
        ...(position !== undefined && { position, enforcedRevision: position.revision }),
      },
    });
    this.#hadAnswer = false;
    this.#stream = new RawFollower(
      { port, credential: this.#credential, hello },
      (response) => this.#take(response),
      () => void this.#comeBack(),
    );
  }

  ping(): void {
    this.#stream?.send({ case: 'ping', value: {} });
  }

  #take({ message }: FollowResponse): void {
    if (!this.#hadAnswer) connected += 1;
    this.#hadAnswer = true;
    if (message.case === 'refusal') refusals += 1;
    if (message.case !== 'update') return;
    if (message.value.snapshot) snapshots += 1;
    const { commit } = message.value;
    if (commit?.position === undefined) return;
    this.#commit = commit;
    const { revision } = commit.position;
    const count = (counts.get(revision) ?? 0) + 1;
    counts.set(revision, count);
    this.#stream?.acknowledge(commit);
    if (count === streams) {
      tell({ kind: 'all', revision: Number(revision), at: performance.timeOrigin + performance.now(), snapshots });
      counts.delete(revision);
    }
  }

  async #comeBack(): Promise<void> {
    if (this.#hadAnswer) {
      connected -= 1;
      this.#heardAt = performance.now();
    }
    this.#failures = this.#hadAnswer ? 1 : this.#failures + 1;
    await sleep(comingBackMs({ failures: this.#failures, awayMs: performance.now() - this.#heardAt }, Math.random()));
    this.follow();
  }
}

async function join(node: string): Promise<Node> {
  const answer = await fetch(`http://127.0.0.1:${port}/ostiary.v1.SyncService/Join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ node, version: 'test' }),
  });
  if (!answer.ok) throw new Error(`${node} may not join: ${await answer.text()}`);
  return new Node(((await answer.json()) as { credential: string }).credential);
}

const nodes: Node[] = [];
for (let at = 0; at < streams; at += JOINING) {
  const names = Array.from({ length: Math.min(JOINING, streams - at) }, (_, more) => `${prefix}-${at + more}`);
  for (const node of await Promise.all(names.map(join))) {
    nodes.push(node);
    node.follow();
  }
}
setInterval(() => {
  for (const node of nodes) node.ping();
}, PING_MS);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ kind: 'state', connected, snapshots, refusals, cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
