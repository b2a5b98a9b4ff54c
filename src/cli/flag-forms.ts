import { isIP } from 'node:net';
import { list } from '../flags.ts';
import type { Flag, Form } from '../flags.ts';

// The required forms of flags' texts: otherwise nearly any text would be accepted without effect.

/** An IPv4 or IPv6 address. */
export const ipAddress: Form = (given) => {
  return isIP(given) === 0 ? 'expected an IP address, such as 203.0.113.7' : undefined;
};

/** RFC 1123, as Kubernetes names namespaces and objects. */
export const kubernetesName: Form = (given) => {
  return given.length <= 253 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(given)
    ? undefined
    : 'expected a name of Kubernetes: lower-case letters and digits, with "-" or "." between them';
};

export const kubernetesNamespace: Form = (given) => {
  return given.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(given)
    ? undefined
    : 'expected a namespace: lower-case letters and digits, with "-" between them, at most 63';
};

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?';
const API_NAME = new RegExp(`^(?:${NAME}/)?${NAME}$`);

/** An `Api` as `context_extensions["ostiary.api"]` names it: its name, after its namespace if that is not `default`. */
export const apiName: Form = (given) => {
  if (!API_NAME.test(given)) {
    return 'expected the name of an Api, such as orders, or shop/orders for one of the namespace shop';
  }
  return given.startsWith('default/') ? 'the default namespace is left out: write the name alone' : undefined;
};

/** RFC 9110, 5.6.2: a method or the name of a header. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

export const method: Form = (given) => (TOKEN.test(given) ? undefined : 'expected a method, such as GET');

/** What follows the host in a request's first line. */
export const requestPath: Form = (given) => {
  return /^(?:\/\S*|\*)$/.test(given) ? undefined : 'expected a path that begins with "/", without spaces';
};

export const headerLine: Form = (given) => {
  const at = given.indexOf(':');
  // oxlint-disable-next-line no-control-regex
  return at > 0 && TOKEN.test(given.slice(0, at)) && !/[\u0000\n\r]/.test(given)
    ? undefined
    : 'expected "NAME: VALUE", such as "client_id: web-shop"';
};

/** `NAME=VALUE` each, both present and no name twice. */
export function pairs(placeholder: string, help: string): Flag<readonly string[]> {
  const flag = list([], placeholder, help, (given) => {
    const at = given.indexOf('=');
    return at > 0 && at < given.length - 1 ? undefined : `expected ${placeholder}`;
  });
  return {
    ...flag,
    parse(texts) {
      const names = flag.parse(texts).map((given) => given.slice(0, given.indexOf('=')));
      const twice = names.find((name, index) => names.indexOf(name) < index);
      if (twice !== undefined) throw new TypeError(`${JSON.stringify(twice)} is given twice`);
      return texts;
    },
  };
}

/** Without a space or a control character, which no address, URL, host or image has. */
export const unbroken: Form = (given) =>
  /^[^\s\p{Cc}]+$/u.test(given) ? undefined : 'expected a value without spaces';
