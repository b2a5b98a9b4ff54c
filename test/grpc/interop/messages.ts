import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

// The protos are compiled when the tests run: nothing that is shipped needs them.
const buf = join(import.meta.dirname, '../../../node_modules/.bin/buf');
const image = execFileSync(buf, ['build', import.meta.dirname, '--output', '-']);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));

export interface Messages {
  SimpleRequest: { responseSize: number; responseStatus?: EchoStatus; fillServerId: boolean };
  SimpleResponse: { payload: { body: Uint8Array }; serverId: string };
  StreamingInputCallRequest: { payload?: { body: Uint8Array } };
  StreamingInputCallResponse: { aggregatedPayloadSize: number };
  StreamingOutputCallRequest: {
    responseParameters: readonly { size: number; intervalUs: number }[];
    responseStatus?: EchoStatus;
  };
  StreamingOutputCallResponse: { payload: { body: Uint8Array } };
}

interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export function read<Name extends keyof Messages>(name: Name, octets: Uint8Array): Messages[Name] {
  return fromBinary(schemaOf(name), octets) as unknown as Messages[Name];
}

export function write<Name extends keyof Messages>(name: Name, message: Partial<Messages[Name]>): Uint8Array {
  const schema = schemaOf(name);
  return toBinary(schema, create(schema, message as Record<string, unknown>));
}

function schemaOf(name: string): DescMessage {
  const schema = registry.getMessage(`grpc.testing.${name}`);
  if (schema === undefined) throw new Error(`test.proto has no message ${name}`);
  return schema;
}
