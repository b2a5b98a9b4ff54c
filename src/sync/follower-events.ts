import type { Fault } from '../errors.ts';
import type { Position } from './position.ts';
import type { Scope } from './scope.ts';

/** What a sidecar's end has to tell. None of these may throw. */
export interface FollowerEvents {
  /** The control plane has answered. */
  connected(address: string): void;
  disconnected(address: string, why: string): void;
  /** @param node by which the control plane knows this sidecar */
  joined(scope: Scope, node: string): void;
  /** A sign of life of the control plane whose history is ours. */
  heard(): void;
  /** The control plane does not know our history: what is in force stays. */
  unknownHistory(detail: string): void;
  /** The two sides did not have the same: everything is sent again. */
  diverged(): void;
  inForce(position: Position): void;
  /** What was in force before still is. */
  rejected(position: Position, faults: readonly Fault[]): void;
  /** The cache or the credential could not be read or written. */
  cacheFault(detail: string): void;
}
