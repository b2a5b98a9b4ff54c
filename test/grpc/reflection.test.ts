import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import * as v1 from '../../gen/grpc/reflection/v1/reflection_pb.js';
import * as v1alpha from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { InspectionService } from '../../gen/ostiary/v1/inspection_pb.js';
import { reflectionMethods } from '../../src/grpc/reflection.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { statusOf } from './client.ts';
import type { RawClient } from './client.ts';
import { listeners } from './fixture.ts';
import { transports } from './transports.ts';

const services = [Authorization, v1.ServerReflection, v1alpha.ServerReflection, InspectionService];
type Question = NonNullable<MessageInitShape<typeof v1.ServerReflectionRequestSchema>['messageRequest']>;

/** Asks one after the other on one stream of the version. */
async function ask(client: RawClient, version: 'v1' | 'v1alpha', ...questions: Question[]) {
  const schemas = version === 'v1' ? v1 : v1alpha;
  const stream = client.bidi(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
  const answers = stream[Symbol.asyncIterator]();
  const responses = [];
  for (const messageRequest of questions) {
    const init = { host: 'here', messageRequest } as MessageInitShape<typeof schemas.ServerReflectionRequestSchema>;
    stream.write(
      Buffer.from(toBinary(schemas.ServerReflectionRequestSchema, create(schemas.ServerReflectionRequestSchema, init))),
    );
    responses.push(fromBinary(schemas.ServerReflectionResponseSchema, (await answers.next()).value as Buffer));
  }
  stream.end();
  expect((await answers.next()).done).toBe(true);
  return responses;
}

function filesOf({
  messageResponse,
}: v1.ServerReflectionResponse | v1alpha.ServerReflectionResponse): FileDescriptorProto[] {
  if (messageResponse.case !== 'fileDescriptorResponse') throw new Error(`got ${messageResponse.case}`);
  return messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe.each(transports)('reflection on $name', ({ transport }) => {
  const serve = listeners(transport);
  const start = () => serve(reflectionMethods(() => Promise.resolve(services)));

  describe.each(['v1', 'v1alpha'] as const)('in version %s', (version) => {
    it('lists the services, sorted', async () => {
      const { client } = await start();
      const [{ messageResponse, originalRequest, validHost } = never()] = await ask(client, version, {
        case: 'listServices',
        value: '',
      });
      if (messageResponse.case !== 'listServicesResponse') throw new Error(`got ${messageResponse.case}`);
      expect(messageResponse.value.service.map(({ name }) => name)).toEqual([
        'envoy.service.auth.v3.Authorization',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'ostiary.v1.InspectionService',
      ]);
      expect([validHost, originalRequest?.messageRequest.case]).toEqual(['here', 'listServices']);
    });

    it('gives a service with all that it depends on: enough to build its descriptors', async () => {
      const { client } = await start();
      const [answer = never()] = await ask(client, version, {
        case: 'fileContainingSymbol',
        value: 'ostiary.v1.InspectionService',
      });
      const file = inOrderOfImport(filesOf(answer));
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
      expect(registry.getService('ostiary.v1.InspectionService')?.methods.map(({ name }) => name)).toContain('Explain');
      expect(registry.getMessage('envoy.service.auth.v3.CheckRequest')).toBeDefined();
    });
  });

  it.each([
    ['a service', 'envoy.service.auth.v3.Authorization', 'envoy/service/auth/v3/external_auth.proto'],
    ['a method', 'envoy.service.auth.v3.Authorization.Check', 'envoy/service/auth/v3/external_auth.proto'],
    ['a message', 'google.rpc.Status', 'google/rpc/status.proto'],
    [
      'a nested message',
      'envoy.service.auth.v3.AttributeContext.Peer',
      'envoy/service/auth/v3/attribute_context.proto',
    ],
    ['a field', 'google.rpc.Status.code', 'google/rpc/status.proto'],
    ['a oneof', 'envoy.service.auth.v3.CheckResponse.http_response', 'envoy/service/auth/v3/external_auth.proto'],
    ['an enum', 'ostiary.v1.Outcome', 'ostiary/v1/inspection.proto'],
    ['a value of an enum', 'ostiary.v1.OUTCOME_ALLOW', 'ostiary/v1/inspection.proto'],
    ['a value of a nested enum', 'ostiary.v1.PolicyStep.RESULT_DENY', 'ostiary/v1/inspection.proto'],
    ['an extension', 'envoy.annotations.deprecated_at_minor_version', 'envoy/annotations/deprecation.proto'],
  ])('finds the file of %s', async (_what, value, file) => {
    const { client } = await start();
    const [answer = never()] = await ask(client, 'v1', { case: 'fileContainingSymbol', value });
    expect(filesOf(answer)[0]?.name).toBe(file);
  });

  it('finds a file by its name, and sends an imported file once a stream', async () => {
    const { client } = await start();
    const [first = never(), second = never()] = await ask(
      client,
      'v1',
      { case: 'fileByFilename', value: 'envoy/service/auth/v3/external_auth.proto' },
      { case: 'fileByFilename', value: 'google/rpc/status.proto' },
    );
    expect(filesOf(first).map(({ name }) => name)).toContain('google/rpc/status.proto');
    expect(filesOf(second).map(({ name }) => name)).toEqual(['google/rpc/status.proto']);
  });

  it('finds extensions by the message they extend', async () => {
    const { client } = await start();
    const [numbers = never()] = await ask(client, 'v1', {
      case: 'allExtensionNumbersOfType',
      value: 'google.protobuf.EnumValueOptions',
    });
    if (numbers.messageResponse.case !== 'allExtensionNumbersResponse') throw new Error('no numbers');
    const { baseTypeName, extensionNumber } = numbers.messageResponse.value;
    expect(baseTypeName).toBe('google.protobuf.EnumValueOptions');
    expect(extensionNumber.length).toBeGreaterThan(0);
    const [file = never()] = await ask(client, 'v1', {
      case: 'fileContainingExtension',
      value: { containingType: baseTypeName, extensionNumber: extensionNumber[0]! },
    });
    expect(filesOf(file)[0]?.extension.map(({ number }) => number)).toContain(extensionNumber[0]);
  });

  it.each([
    ['a file', { case: 'fileByFilename', value: '../secret.proto' }, Code.notFound],
    ['a symbol', { case: 'fileContainingSymbol', value: 'no.Such' }, Code.notFound],
    ['an empty symbol', { case: 'fileContainingSymbol', value: '' }, Code.notFound],
    [
      'an extension',
      { case: 'fileContainingExtension', value: { containingType: 'no.Such', extensionNumber: 1 } },
      Code.notFound,
    ],
    ['a type', { case: 'allExtensionNumbersOfType', value: 'no.Such' }, Code.notFound],
    ['nothing', { case: undefined }, Code.invalidArgument],
  ] as [string, Question, number][])(
    'says of %s it does not know that it does not, and goes on',
    async (_what, question, code) => {
      const { client } = await start();
      const [answer = never(), next = never()] = await ask(client, 'v1', question, { case: 'listServices', value: '' });
      expect(answer.messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode: code } });
      expect(next.messageResponse.case).toBe('listServicesResponse');
    },
  );

  it('ends a stream with INVALID_ARGUMENT at what is not a request', async () => {
    const { client } = await start();
    const stream = client.bidi('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
    stream.write(Buffer.from([0xff]));
    expect((await statusOf(stream.toArray())).code).toBe(Code.invalidArgument);
  });
});

function inOrderOfImport(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto): void => {
    for (const name of file.dependency) add(files.find((other) => other.name === name) ?? never());
    ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

function never(): never {
  throw new Error('no answer');
}
