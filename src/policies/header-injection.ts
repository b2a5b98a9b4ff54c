import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import { expressionNeeds, compileExpression, expressionOrNone, headerReads } from '../policy/expression.ts';
import type { ExpressionSource, Selection } from '../policy/expression.ts';
import { NO_EXTRAS } from '../policy/extras.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Grant, Outcome, Request } from '../policy/policy.ts';
import { isFieldValue } from '../request/field-value.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { headerNameFor, isCallersOwn, spellingsOf } from './header-names.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    header_value_refused: object;
  }
}

/** Longer values are refused: many servers accept only little more for all headers together. */
const MAX_VALUE_LENGTH = 8192;
const MAX_HEADERS = 64;

const value = expressionOrNone.superRefine((source, context) => {
  try {
    compileExpression(source);
    const literal = literalOf(source);
    if (literal !== undefined && !isCarried(literal)) {
      context.addIssue({ code: 'custom', message: 'has a control character, white space around it, or is too long' });
    }
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const options = z
  .strictObject({
    inboundHeaders: z
      .array(
        z.strictObject({
          key: headerNameFor('set for the upstream'),
          value,
          callersMaySend: z
            .boolean()
            .optional()
            .describe(
              'What callers send under this name reaches upstreams where this policy does not apply. Default: of standard request headers alone, such as authorization',
            ),
        }),
      )
      .max(MAX_HEADERS)
      .default([])
      .describe('Request headers for the upstream: a name, and a literal, an expression or {cel: …}'),
    outboundHeaders: z
      .array(z.strictObject({ key: headerNameFor('set for the caller'), value }))
      .max(MAX_HEADERS)
      .default([])
      .describe('Response headers for the caller: a name, and a literal, an expression or {cel: …}'),
  })
  .superRefine(({ inboundHeaders, outboundHeaders }, context) => {
    if (inboundHeaders.length + outboundHeaders.length === 0) {
      context.addIssue({ code: 'custom', path: ['inboundHeaders'], message: 'is empty, and so is outboundHeaders' });
    }
    for (const [field, list] of Object.entries({ inboundHeaders, outboundHeaders })) {
      const seen = new Map<string, number>();
      for (const [index, { key }] of list.entries()) {
        const canonical = canonicalHeaderName(key);
        const first = seen.get(canonical);
        seen.set(canonical, first ?? index);
        if (first === undefined) continue;
        context.addIssue({ code: 'custom', path: [field, index, 'key'], message: `is ${field}[${first}] already` });
      }
    }
  });

/** Sets headers of requests and of answers (`docs/policies/header-injection.md`). */
export default definePolicy({
  name: 'header-injection',
  phase: 'access',
  summary: 'Sets headers of requests for the upstream, and of answers for the caller',
  options,
  secretPlaces: credentialsIn,
  reasons: {
    header_value_refused: {
      httpStatus: 400,
      sentence: 'A value of the request can not be passed on.',
      meaning: 'a value that `header-injection` selects has a control character or is too long',
    },
  },
  create({ inboundHeaders, outboundHeaders }) {
    const inbound = inboundHeaders.map((header) => ({
      ...compiled(header),
      isOwned: !(header.callersMaySend ?? isCallersOwn(header.key)),
    }));
    const outbound = outboundHeaders.map(compiled);
    const sources = { inboundHeaders: inboundHeaders.map(valueOf), outboundHeaders: outboundHeaders.map(valueOf) };
    const eachSource = Object.entries(sources).flatMap(([field, list]) => list.map((source) => ({ [field]: source })));
    const isFixed = [...inbound, ...outbound].every(({ literal }) => literal !== undefined);
    const fixed = isFixed ? grantOf(inbound, outbound, ({ literal }) => literal) : undefined;
    const spellings = spellingsOf(inbound.filter(({ isOwned }) => !isOwned).map(({ key }) => key));
    return {
      phase: 'access',
      identityHeaders: inbound.filter(({ isOwned }) => isOwned).map(({ key }) => key),
      requires: eachSource.flatMap(expressionNeeds),
      headerReads: eachSource.flatMap(headerReads),
      decide(request): Outcome {
        const found = fixed ?? injected(request, inbound, outbound);
        if (found.reason !== undefined) return found;
        const others = spellings(request);
        return others.length === 0 ? found : { ...found, remove: [...(found.remove ?? []), ...others] };
      },
    };
  },
});

/** Headers whose value, where it is the same for all requests, is a credential. */
const CREDENTIAL_HEADER = /^(?:(?:proxy-)?authorization|cookie)$|(?:^|[-_])(?:api-?key|password|secret|token)$/i;

function credentialsIn(written: Readonly<Record<string, unknown>>): readonly PropertyKey[][] {
  const { inboundHeaders } = written;
  const entries: readonly unknown[] = Array.isArray(inboundHeaders) ? inboundHeaders : [];
  return entries.flatMap((entry, index) => {
    const { key, value: source } = Object(entry) as { key?: unknown; value?: unknown };
    if (typeof source !== 'string' || source === '' || source.includes('#[')) return [];
    return typeof key === 'string' && CREDENTIAL_HEADER.test(key) ? [['inboundHeaders', index, 'value']] : [];
  });
}

interface Header {
  /** Lower case. */
  readonly key: string;
  readonly selection: Selection;
  /** Undefined if the value depends on the request. */
  readonly literal: string | undefined;
}

interface InboundHeader extends Header {
  /** Only policies set this header, for every API of the namespace: callers' values are removed. */
  readonly isOwned: boolean;
}

interface Written {
  readonly key: string;
  readonly value: ExpressionSource;
}

function compiled({ key, value: source }: Written): Header {
  return { key, selection: compileExpression(source), literal: literalOf(source) };
}

function valueOf({ value: source }: Written): ExpressionSource {
  return source;
}

function literalOf(source: ExpressionSource): string | undefined {
  return typeof source === 'string' && !source.includes('#[') ? source : undefined;
}

function injected(request: Request, inbound: readonly InboundHeader[], outbound: readonly Header[]): Grant | Denial {
  let refused: Header | undefined;
  const grant = grantOf(inbound, outbound, (header) => {
    const selected = header.selection.select(request)?.trim();
    if (selected === undefined || isCarried(selected)) return selected;
    refused ??= header;
    return undefined;
  });
  if (refused === undefined) return grant;
  const detail = `what ${refused.selection.source} selects can't be the value of ${refused.key}`;
  return { reason: 'header_value_refused', detail };
}

function isCarried(text: string): boolean {
  return text.length <= MAX_VALUE_LENGTH && isFieldValue(text);
}

/** Headers that an answer may have several times, where each counts. */
const BESIDE_OTHERS = new Set(['link', 'server-timing', 'set-cookie', 'vary']);

function grantOf(
  inbound: readonly InboundHeader[],
  outbound: readonly Header[],
  textOf: (header: Header) => string | undefined,
): Grant {
  const upstream: HeaderEntry[] = [];
  const remove: string[] = [];
  for (const header of inbound) {
    const found = textOf(header);
    if (found !== undefined) upstream.push([header.key, found]);
    else if (!header.isOwned) remove.push(header.key);
  }
  if (outbound.length === 0) return { upstream, remove };
  const response: HeaderEntry[] = [];
  const appendResponse: HeaderEntry[] = [];
  for (const header of outbound) {
    const found = textOf(header);
    if (found === undefined) continue;
    (BESIDE_OTHERS.has(header.key) ? appendResponse : response).push([header.key, found]);
  }
  return { ...NO_EXTRAS, upstream, remove, response, appendResponse };
}
