import type { Clock } from '../clock.ts';
import type { Method } from '../grpc/rpc.ts';
import { authoringMethods } from './authoring-service.ts';
import { contractMethods } from './contract-service.ts';
import { credentialMethods } from './credential-service.ts';
import { resourceMethods } from './resource-service.ts';
import type { ResourceServicePorts } from './resource-service.ts';

interface WritingPorts extends ResourceServicePorts {
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
}

/** The methods of all services that write resources, or help to. */
export function writingMethods(ports: WritingPorts): readonly Method[] {
  return [
    ...resourceMethods(ports),
    ...contractMethods(ports),
    ...credentialMethods(ports),
    ...authoringMethods(ports),
  ];
}
