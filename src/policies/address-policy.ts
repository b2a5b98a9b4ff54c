import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import {
  expressionNeeds,
  compileExpression,
  expressionOption,
  headerReads,
  isExpression,
} from '../policy/expression.ts';
import type { NamedFile, NamedFiles } from '../policy/named-file.ts';
import type { AccessPolicy, Outcome, PolicyRemark, Request } from '../policy/policy.ts';
import { expressionFault } from '../policy/quota-options.ts';
import { headersAmong } from '../policy/selection.ts';
import { parseIpAddress } from '../request/ip-address.ts';
import { addressFile, listOfEntries, parseEntry } from './address-list.ts';
import type { AddressList } from './address-list.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    address_refused: object;
  }
}

/** The common part of `ip-allowlist` and `ip-blocklist`. They differ only in whether listed addresses pass. */
export const addressOptions = z
  .strictObject({
    ips: z
      .array(z.string())
      .max(10_000, 'has more than 10000 entries: move them to a file, and name it in files')
      .optional()
      .describe(
        'Addresses, networks, and first octets such as "192.168": in quotes, since YAML reads 192.160 as a number',
      ),
    files: z
      .array(z.string().min(1))
      .max(16)
      .optional()
      .describe('Files of such entries, a line each; # begins a comment. They are followed'),
    ipExpression: expressionOption.optional().describe('Selects the address. Default: the address of the client'),
  })
  .superRefine((value, context) => {
    expressionFault(value.ipExpression, 'ipExpression', context, (source) =>
      compileExpression(source).reads.length > 0
        ? undefined
        : 'is a literal: the address of every request would be the same',
    );
    if (value.ips === undefined && value.files === undefined) {
      context.addIssue({ code: 'custom', path: ['ips'], message: 'is missing: name addresses here, or files of them' });
    }
    for (const [index, entry] of (value.ips ?? []).entries()) {
      const range = parseEntry(entry.trim());
      if (typeof range === 'string') context.addIssue({ code: 'custom', path: ['ips', index], message: range });
    }
  });

export type AddressOptions = z.infer<typeof addressOptions>;

export const ADDRESS_REASONS: Partial<ReasonTable> = {
  address_refused: {
    httpStatus: 403,
    sentence: 'Requests from this address are not allowed.',
    meaning: "the client's address is on a blocklist or on no allowlist, or can't be told",
  },
};

export function addressFiles({ files = [] }: AddressOptions): readonly NamedFile<AddressList>[] {
  return files.map((file, index) => ({ path: ['files', index], file, format: addressFile }));
}

/** Warns if callers choose the address that is looked up in the list. */
export function addressWarnings({ ipExpression }: Readonly<Record<string, unknown>>): readonly PolicyRemark[] {
  if (!isExpression(ipExpression)) return [];
  const { fromQuery, reads } = compileExpression(ipExpression);
  if (headersAmong(reads).length === 0 && !fromQuery) return [];
  const message =
    'selects what callers can send as they like, unless a proxy before Envoy replaces it: leave it out for the ' +
    'address of the client, and say by --trusted-hops how many proxies stand before Envoy';
  return [{ path: ['ipExpression'], message }];
}

/** Joins the lists of the options and those of files. */
export function addressLists({ ips = [], files = [] }: AddressOptions, named: NamedFiles): readonly AddressList[] {
  const written = ips.length === 0 ? [] : [listOfEntries(ips.map((entry) => entry.trim()))];
  return [...written, ...files.map((file) => named.content(file, addressFile))];
}

const GRANT: Outcome = {};

/** @param admits which addresses pass: those on the list, or the others */
export function addressPolicy(options: AddressOptions, files: NamedFiles, admits: 'listed' | 'others'): AccessPolicy {
  const lists = addressLists(options, files);
  const { ipExpression } = options;
  const selection = ipExpression === undefined ? undefined : compileExpression(ipExpression);
  const what = ipExpression === undefined ? 'the address of the client' : 'what ipExpression selects';
  return {
    phase: 'access',
    identityHeaders: [],
    requires: expressionNeeds({ ipExpression }),
    headerReads: headerReads({ ipExpression }),
    decide(request) {
      const text = selection === undefined ? clientAddress(request) : selection.select(request);
      const address = text === undefined ? undefined : parseIpAddress(text);
      if (address === undefined) return refused(`${what} is ${text ? 'not one address' : 'not there'}`);
      const isListed = lists.some(({ ranges }) => ranges.has(address));
      if (isListed === (admits === 'listed')) return GRANT;
      return refused(`${text} is ${isListed ? 'on the blocklist' : 'not on the allowlist'}`);
    },
  };
}

/** Removes the interface (`%eth0`) that Envoy adds to a peer on the same link, since lists can't name it. */
function clientAddress({ clientAddress: address }: Request): string | undefined {
  const scope = address.indexOf('%');
  return scope < 0 ? address : address.slice(0, scope);
}

function refused(detail: string): Denial {
  return { reason: 'address_refused', detail };
}
