import type { KeyObject } from 'node:crypto';
import { UserError } from '../errors.ts';
import { Replay } from '../registry/replay.ts';
import { HeadCheck } from './head-check.ts';
import { isHeadSigned, parseHead } from './head.ts';
import type { SignedHead } from './head.ts';
import { changeOfLine, effectOf, eventOfLine, EXPORT_FORMAT } from './line.ts';
import type { BeginLine, ChangeLine, EventLine } from './line.ts';
import { EventReplay } from './replay.ts';

export interface ExportVerified {
  readonly changes: number;
  readonly events: number;
  readonly revision: number;
  readonly hash: string;
  readonly sequence: number;
  readonly eventHash: string;
  /** Of the signed heads in it, those that were compared. */
  readonly heads: number;
  /** Changes that are shown without parts of their contents: the digests of these are verified, and what is shown is not. */
  readonly withheld: number;
  /** It begins after this revision: nothing is known of what is before. */
  readonly after: number;
  /** The same of events. */
  readonly afterEvent: number;
  /** With the numbers of their lines. Empty: everything is as it was written. */
  readonly problems: readonly string[];
}

/** Computes the hashes of an export anew, without a control plane. */
export class ExportCheck {
  readonly #publicKey: KeyObject | undefined;
  readonly #against: SignedHead | undefined;
  readonly #heads: HeadCheck[] = [];
  readonly #problems: string[] = [];
  readonly #told = new Map<object, number>();
  #begin: BeginLine | undefined;
  #changes = new Replay();
  #events = new EventReplay({ hashAt: () => undefined });
  #line = 0;
  /** The first line after the last signed head: whoever has the file can write such lines. */
  #unsigned: number | undefined;
  #count = { changes: 0, events: 0, heads: 0, withheld: 0 };

  /** @param against a head that was kept elsewhere */
  constructor({ publicKey, against }: { publicKey: KeyObject | undefined; against: SignedHead | undefined }) {
    this.#publicKey = publicKey;
    this.#against = against;
  }

  /** @throws UserError where it is no export */
  take(text: string): void {
    this.#line += 1;
    if (text === '') return;
    let line: { readonly type?: unknown };
    try {
      line = Object(JSON.parse(text)) as { readonly type?: unknown };
    } catch {
      throw new UserError(
        `line ${this.#line} is no JSON: the export is damaged, or was cut: ostiary audit export goes on`,
      );
    }
    if (this.#begin === undefined) {
      this.#start(line as unknown as BeginLine);
      return;
    }
    if (line.type !== 'head') this.#unsigned ??= this.#line;
    switch (line.type) {
      case 'change':
        this.#change(line as ChangeLine);
        break;
      case 'event':
        this.#event(line as EventLine);
        break;
      case 'head':
        this.#head(text);
        break;
      default:
        this.#problems.push(`line ${this.#line} is neither a change nor an event nor a head`);
    }
    this.#collect(this.#changes);
    this.#collect(this.#events);
  }

  end(): ExportVerified {
    if (this.#begin === undefined) throw new UserError('the export is empty');
    this.#events.end();
    const { problems: ofEvents } = this.#events;
    for (const problem of ofEvents.slice(this.#told.get(this.#events) ?? 0)) this.#problems.push(problem);
    const state = this.#state();
    for (const check of this.#heads) {
      check.end(state, this.#firstEvent());
      this.#problems.push(...check.problems);
    }
    const { revision, hash } = this.#changes;
    const { sequence, hash: eventHash } = this.#events;
    this.#endOfSigned();
    const { revision: after, sequence: afterEvent } = this.#begin;
    return { ...this.#count, revision, hash, sequence, eventHash, after, afterEvent, problems: this.#problems };
  }

  /** Whoever asks who has signed hears of what nobody has. */
  #endOfSigned(): void {
    const { revision, hash } = this.#changes;
    const { sequence, hash: eventHash } = this.#events;
    const kept = this.#against;
    const isKept =
      kept?.revision === revision && kept.hash === hash && kept.sequence === sequence && kept.eventHash === eventHash;
    if (this.#publicKey === undefined || isKept) return;
    if (this.#count.heads > 0 && this.#unsigned === undefined) return;
    this.#problems.push(
      `no signed head covers line ${this.#unsigned ?? 1} and what is after it: it was cut or is not the control plane's; ostiary audit export goes on`,
    );
  }

  #start(line: BeginLine): void {
    if (line.type !== 'begin' || line.format !== EXPORT_FORMAT || line.version !== 1) {
      throw new UserError('this is no export of an audit trail: its first line says so');
    }
    this.#begin = line;
    const { revision, hash, sequence, eventHash } = line;
    this.#changes = new Replay({ revision, hash });
    this.#events = new EventReplay(
      { hashAt: (at) => this.#changes.hashAt(at), knownFrom: revision, publicKey: this.#publicKey },
      { sequence, hash: eventHash },
    );
    if (this.#against !== undefined) this.#heads.push(new HeadCheck(this.#against, this.#publicKey));
  }

  #change(line: ChangeLine): void {
    this.#count.changes += 1;
    const change = changeOfLine(line);
    const { action, outcome } = line;
    if (action !== effectOf(line) || outcome !== 'done') {
      this.#problems.push(
        `line ${this.#line}: revision ${line.revision} says ${action} and ${outcome}, and shows other`,
      );
    }
    if (change.withheld !== undefined) this.#count.withheld += 1;
    this.#changes.take(change);
  }

  #event(line: EventLine): void {
    this.#count.events += 1;
    const event = eventOfLine(line);
    this.#events.take(event);
    for (const check of this.#heads) check.take(event);
  }

  /** A head in the export was true when it was made: it is compared with what is before it. */
  #head(text: string): void {
    const { type: _type, ...content } = JSON.parse(text) as { readonly type: unknown };
    const head = parseHead(JSON.stringify(content));
    this.#count.heads += 1;
    const isSigned = this.#publicKey === undefined || isHeadSigned(head, this.#publicKey);
    const isSame =
      head.revision === this.#changes.revision &&
      head.hash === this.#changes.hash &&
      head.sequence === this.#events.sequence &&
      head.eventHash === this.#events.hash;
    if (isSigned && isSame) this.#unsigned = undefined;
    if (!isSigned) this.#problems.push(`line ${this.#line}: the head is not signed by this key`);
    if (!isSame) this.#problems.push(`line ${this.#line}: the head is not that of the lines before it`);
  }

  #collect(replay: { readonly problems: readonly string[] }): void {
    const told = this.#told.get(replay) ?? 0;
    for (const problem of replay.problems.slice(told)) this.#problems.push(`line ${this.#line}: ${problem}`);
    this.#told.set(replay, replay.problems.length);
  }

  #state() {
    const { revision } = this.#changes;
    const knownFrom = this.#begin?.revision ?? 0;
    return { revision, sequence: this.#events.sequence, knownFrom, hashAt: (at: number) => this.#changes.hashAt(at) };
  }

  #firstEvent(): number | undefined {
    const begun = this.#begin?.sequence ?? 0;
    return begun > 0 ? begun + 1 : this.#events.first;
  }
}
