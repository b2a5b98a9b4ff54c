import type { Acknowledgement } from '../../gen/ostiary/v1/sync_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { CommitOf } from './encode.ts';

/** Commits that a sidecar may still acknowledge, each by itself; of more, only the latest. */
const MOST_OPEN = 64;

/** Which acknowledgements a sidecar may send: of what it was sent, with the state that this comes to. */
export class ExpectedAcks {
  readonly #open = new Map<number, bigint>();
  /** The latest revision whose commit is no longer remembered. */
  #forgotten = 0;
  /** The latest revision that was acknowledged. */
  latest = 0;

  expect({ position, stateHash }: CommitOf): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MOST_OPEN && oldest !== undefined) {
      this.#open.delete(oldest);
      this.#forgotten = oldest;
    }
    this.#open.delete(position.revision);
    this.#open.set(position.revision, stateHash);
  }

  /**
   * @returns false: it tells nothing new
   * @throws RpcError where it is of what was never sent
   */
  take(acknowledgement: Acknowledgement): boolean {
    const revision = Number(acknowledgement.revision);
    const stateHash = this.#open.get(revision);
    if (stateHash === undefined) {
      if (revision <= Math.max(this.#forgotten, this.latest)) return false;
      throw new RpcError(Code.invalidArgument, `acknowledgement: revision ${revision} was not sent`);
    }
    if (acknowledgement.stateHash !== stateHash)
      throw new RpcError(Code.invalidArgument, `acknowledgement: the state of revision ${revision} is another`);
    for (const earlier of this.#open.keys()) if (earlier < revision) this.#open.delete(earlier);
    this.latest = Math.max(this.latest, revision);
    return true;
  }
}
