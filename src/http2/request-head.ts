import { FieldKind } from './header-field.ts';
import type { HeaderField } from './header-field.ts';
import type { FieldSink } from './hpack/decoder.ts';

/** What a request says before its body, reduced to what a gRPC server reads. Requests of the same block share one. */
export interface RequestHead {
  readonly method: string;
  /** Empty for CONNECT. */
  readonly path: string;
  readonly authority: string;
  /** All but pseudo-header fields, in their order; empty where only what gRPC needs is kept. */
  readonly fields: readonly HeaderField[];
  readonly contentType: string;
  /** -1 where none was announced. */
  readonly contentLength: number;
  readonly grpcTimeout: string;
  readonly grpcEncoding: string;
  /** The credential that the caller calls with; empty: none. */
  readonly authorization: string;
  /** Fields that carry a trace's context; undefined where there are none. */
  readonly trace: readonly HeaderField[] | undefined;
  /** RFC 9113, 8.1.1: answered with a stream error. */
  readonly isMalformed: boolean;
  /** More fields than SETTINGS_MAX_HEADER_LIST_SIZE allows; those above it are not in here. */
  readonly isTooLarge: boolean;
}

/** Collects the fields of one block into a head. */
export class HeadBuilder implements FieldSink {
  readonly #maxBytes: number;
  #bytes = 0;
  #isMalformed = false;
  #regularSeen = false;
  #method: string | undefined;
  #scheme: string | undefined;
  #path: string | undefined;
  #authority: string | undefined;
  #contentType = '';
  #contentLength = -1;
  #grpcTimeout = '';
  #grpcEncoding = '';
  #authorization: string | undefined;
  #trace: HeaderField[] | undefined;
  readonly #keepsAll: boolean;
  #fields: HeaderField[] = [];

  /** @param keepsAll fields that gRPC does not need are kept too */
  constructor(maxBytes: number, keepsAll = false) {
    this.#maxBytes = maxBytes;
    this.#keepsAll = keepsAll;
  }

  field(field: HeaderField): void {
    this.#bytes += field.size;
    if (this.#bytes > this.#maxBytes) return;
    const { kind, value } = field;
    if (kind >= FieldKind.method && kind <= FieldKind.authority) this.#pseudo(kind, value);
    else {
      this.#regularSeen = true;
      if (this.#keepsAll) this.#fields.push(field);
      if (kind === FieldKind.traceContext) (this.#trace ??= []).push(field);
      else if (kind !== FieldKind.regular) this.#known(kind, value);
    }
  }

  #known(kind: FieldKind, value: string): void {
    if (kind === FieldKind.malformed) this.#isMalformed = true;
    else if (kind === FieldKind.contentType) this.#contentType = value;
    else if (kind === FieldKind.grpcTimeout) this.#grpcTimeout = value;
    else if (kind === FieldKind.grpcEncoding) this.#grpcEncoding = value;
    else if (kind === FieldKind.authorization) {
      // Of two, another reader might take the other.
      if (this.#authorization !== undefined) this.#isMalformed = true;
      this.#authorization = value;
    } else if (kind === FieldKind.contentLength) {
      const length = /^\d{1,15}$/.test(value) ? Number(value) : -1;
      if (length < 0 || (this.#contentLength >= 0 && this.#contentLength !== length)) this.#isMalformed = true;
      this.#contentLength = length;
    }
  }

  /** RFC 9113, 8.3: before all other fields, and each at most once. */
  #pseudo(kind: FieldKind, value: string): void {
    if (this.#regularSeen) this.#isMalformed = true;
    if (kind === FieldKind.method) this.#method = this.#once(this.#method, value);
    else if (kind === FieldKind.scheme) this.#scheme = this.#once(this.#scheme, value);
    else if (kind === FieldKind.path) this.#path = this.#once(this.#path, value);
    else this.#authority = this.#once(this.#authority, value);
  }

  #once(present: string | undefined, value: string): string {
    if (present !== undefined) this.#isMalformed = true;
    return value;
  }

  /** @returns the head of a request; the builder is ready for the next block. */
  finish(): RequestHead {
    const head: RequestHead = {
      method: this.#method ?? '',
      path: this.#path ?? '',
      authority: this.#authority ?? '',
      fields: this.#fields,
      contentType: this.#contentType,
      contentLength: this.#contentLength,
      grpcTimeout: this.#grpcTimeout,
      grpcEncoding: this.#grpcEncoding,
      authorization: this.#authorization ?? '',
      trace: this.#trace,
      isMalformed: this.#isMalformed || !this.#pseudoFieldsFit(),
      isTooLarge: this.#bytes > this.#maxBytes,
    };
    this.#reset();
    return head;
  }

  /** @returns false if the block just decoded can't be trailers (RFC 9113, 8.1); ready for the next block. */
  finishTrailers(): boolean {
    const hasPseudo = (this.#method ?? this.#scheme ?? this.#path ?? this.#authority) !== undefined;
    const fits = !this.#isMalformed && !hasPseudo;
    this.#reset();
    return fits;
  }

  /** RFC 9113, 8.3.1 and 8.5. Where the list was cut, what is missing may lie behind the cut. */
  #pseudoFieldsFit(): boolean {
    if (this.#bytes > this.#maxBytes) return true;
    if (this.#method === 'CONNECT') {
      return this.#scheme === undefined && this.#path === undefined && this.#authority !== undefined;
    }
    return this.#method !== undefined && this.#scheme !== undefined && this.#path !== undefined && this.#path !== '';
  }

  #reset(): void {
    this.#bytes = 0;
    this.#isMalformed = this.#regularSeen = false;
    this.#method = this.#scheme = this.#path = this.#authority = undefined;
    this.#contentType = this.#grpcTimeout = this.#grpcEncoding = '';
    this.#authorization = undefined;
    this.#contentLength = -1;
    this.#trace = undefined;
    if (this.#keepsAll) this.#fields = [];
  }
}
