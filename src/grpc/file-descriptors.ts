import { toBinary } from '@bufbuild/protobuf';
import type { DescEnum, DescExtension, DescFile, DescMessage, DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** Finds the files of protobuf descriptors by what clients of server reflection ask for. */
export class DescriptorIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  /** By extended message, then by field number. */
  readonly #extensions = new Map<string, Map<number, DescFile>>();
  readonly #messages = new Set<string>();
  readonly #encoded = new Map<DescFile, Uint8Array>();

  /** @param files and, through their imports, all that they depend on */
  constructor(files: Iterable<DescFile>) {
    for (const file of files) this.#addFile(file);
  }

  file(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** @param symbol full name of a service, method, message, enum, enum value, field, oneof or extension */
  fileOfSymbol(symbol: string): DescFile | undefined {
    return this.#symbols.get(symbol.startsWith('.') ? symbol.slice(1) : symbol);
  }

  fileOfExtension(extendee: string, fieldNumber: number): DescFile | undefined {
    return this.#extensions.get(extendee)?.get(fieldNumber);
  }

  /** Undefined if there is no such message. */
  extensionNumbers(extendee: string): number[] | undefined {
    if (!this.#messages.has(extendee)) return undefined;
    return [...(this.#extensions.get(extendee)?.keys() ?? [])].sort((a, b) => a - b);
  }

  /**
   * The file, then all it depends on that is not in `sent`, as serialised `FileDescriptorProto`s.
   * Adds what it returns to `sent`.
   */
  withDependencies(file: DescFile, sent: Set<DescFile>): Uint8Array[] {
    const found = new Set([file]);
    // Iteration over a set includes what is added during it.
    for (const next of found) {
      for (const dependency of next.dependencies) if (!sent.has(dependency)) found.add(dependency);
      sent.add(next);
    }
    return [...found].map((next) => this.#encode(next));
  }

  #encode(file: DescFile): Uint8Array {
    let encoded = this.#encoded.get(file);
    if (encoded === undefined) {
      encoded = toBinary(FileDescriptorProtoSchema, file.proto);
      this.#encoded.set(file, encoded);
    }
    return encoded;
  }

  #addFile(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
    for (const service of file.services) this.#addService(service);
    for (const message of file.messages) this.#addMessage(message);
    for (const enumeration of file.enums) this.#addEnum(enumeration);
    for (const extension of file.extensions) this.#addExtension(extension);
  }

  #addService(service: DescService): void {
    this.#symbols.set(service.typeName, service.file);
    for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, service.file);
  }

  #addMessage(message: DescMessage): void {
    this.#messages.add(message.typeName);
    this.#symbols.set(message.typeName, message.file);
    for (const member of [...message.fields, ...message.oneofs]) {
      this.#symbols.set(`${message.typeName}.${member.name}`, message.file);
    }
    for (const nested of message.nestedMessages) this.#addMessage(nested);
    for (const nested of message.nestedEnums) this.#addEnum(nested);
    for (const nested of message.nestedExtensions) this.#addExtension(nested);
  }

  #addEnum(enumeration: DescEnum): void {
    this.#symbols.set(enumeration.typeName, enumeration.file);
    // The values of an enum are its siblings, as in C++.
    const scope = enumeration.typeName.slice(0, enumeration.typeName.lastIndexOf('.') + 1);
    for (const value of enumeration.values) this.#symbols.set(scope + value.name, enumeration.file);
  }

  #addExtension(extension: DescExtension): void {
    this.#symbols.set(extension.typeName, extension.file);
    const extendee = extension.extendee.typeName;
    const numbers = this.#extensions.get(extendee) ?? new Map<number, DescFile>();
    numbers.set(extension.number, extension.file);
    this.#extensions.set(extendee, numbers);
  }
}
