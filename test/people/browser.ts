/** What a test sees of a page. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Sent {
  /** A form, by POST. */
  readonly form?: Readonly<Record<string, string>>;
  /** Where the page stands that asks; undefined: the same origin. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const MOST_REDIRECTS = 12;

/** A browser without a screen: it keeps cookies by host, follows redirects, and says which page asks. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();
  /** Each address that it was sent to, the first included. */
  visited: string[] = [];
  /** Stops before it goes to an address that begins so. */
  stopsAt: string | undefined;

  async open(url: string, { form, from, headers }: Sent = {}): Promise<Page> {
    this.visited = [];
    let [next, body] = [new URL(url), form && new URLSearchParams(form)];
    for (let hops = 0; hops < MOST_REDIRECTS; hops++) {
      this.visited.push(next.href);
      const response = await fetch(next, {
        redirect: 'manual',
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          cookie: this.#cookiesFor(next),
          ...(body !== undefined && { origin: from ?? next.origin }),
          ...headers,
        },
        ...(body !== undefined && { body }),
      });
      this.#keep(next, response.headers.getSetCookie());
      const text = await response.text();
      const location = response.headers.get('location');
      if (location === null) return { url: next.href, status: response.status, headers: response.headers, text };
      next = new URL(location, next);
      body = undefined;
      if (this.stopsAt !== undefined && next.href.startsWith(this.stopsAt)) {
        return { url: next.href, status: 0, headers: response.headers, text };
      }
    }
    throw new Error(`too many redirects: ${this.visited.join(', ')}`);
  }

  cookie(url: string, name: string): string | undefined {
    return this.#jars.get(new URL(url).host)?.get(name);
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jarOf(new URL(url)).set(name, value);
  }

  /** As a script of the page would: with cookies. */
  async call(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const place = new URL(url);
    const response = await fetch(place, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: this.#cookiesFor(place),
        origin: place.origin,
        'x-ostiary-csrf': '1',
        ...headers,
      },
      body: '{}',
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  #jarOf({ host }: URL): Map<string, string> {
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }

  #cookiesFor(url: URL): string {
    return [...this.#jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(url: URL, fields: readonly string[]): void {
    const jar = this.#jarOf(url);
    for (const field of fields) {
      const [pair = '', ...attributes] = field.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}
