import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescFile, DescService } from '@bufbuild/protobuf';
import {
  ErrorResponseSchema,
  ExtensionNumberResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import type { ServerReflectionRequest, ServerReflectionResponse } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { DescriptorIndex } from './file-descriptors.ts';
import { Code, RpcError } from './rpc.ts';

type Answer = ServerReflectionResponse['messageResponse'];

/** What server reflection says of some services. */
export class Answers {
  readonly #index: DescriptorIndex;
  readonly #services: Answer;

  constructor(services: readonly DescService[]) {
    this.#index = new DescriptorIndex(services.map((service) => service.file));
    const names = services.map(({ typeName }) => typeName).sort();
    const service = names.map((name) => ({ name }));
    this.#services = { case: 'listServicesResponse', value: create(ListServiceResponseSchema, { service }) };
  }

  /** Answers the requests of one stream, which is sent each imported file once. */
  conversation(): (request: Uint8Array) => Uint8Array {
    const sent = new Set<DescFile>();
    return (bytes) => {
      const originalRequest = decode(bytes);
      const response = create(ServerReflectionResponseSchema, { validHost: originalRequest.host, originalRequest });
      response.messageResponse = this.#answer(originalRequest.messageRequest, sent);
      return toBinary(ServerReflectionResponseSchema, response);
    };
  }

  #answer(request: ServerReflectionRequest['messageRequest'], sent: Set<DescFile>): Answer {
    const { case: kind, value } = request;
    switch (kind) {
      case 'fileByFilename':
        return this.#files(this.#index.file(value), sent, `file ${value}`);
      case 'fileContainingSymbol':
        return this.#files(this.#index.fileOfSymbol(value), sent, `symbol ${value}`);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = value;
        const file = this.#index.fileOfExtension(containingType, extensionNumber);
        return this.#files(file, sent, `extension ${extensionNumber} of ${containingType}`);
      }
      case 'allExtensionNumbersOfType': {
        const extensionNumber = this.#index.extensionNumbers(value);
        if (extensionNumber === undefined) return failure(Code.notFound, `message ${value} is not known here`);
        const numbers = create(ExtensionNumberResponseSchema, { baseTypeName: value, extensionNumber });
        return { case: 'allExtensionNumbersResponse', value: numbers };
      }
      case 'listServices':
        return this.#services;
      default:
        return failure(Code.invalidArgument, 'the request asks for nothing this server knows of');
    }
  }

  #files(file: DescFile | undefined, sent: Set<DescFile>, what: string): Answer {
    if (file === undefined) return failure(Code.notFound, `${what} is not known here`);
    const fileDescriptorProto = this.#index.withDependencies(file, sent);
    return { case: 'fileDescriptorResponse', value: create(FileDescriptorResponseSchema, { fileDescriptorProto }) };
  }
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: create(ErrorResponseSchema, { errorCode, errorMessage }) };
}

function decode(request: Uint8Array): ServerReflectionRequest {
  try {
    return fromBinary(ServerReflectionRequestSchema, request);
  } catch {
    throw new RpcError(Code.invalidArgument, 'not a ServerReflectionRequest');
  }
}
