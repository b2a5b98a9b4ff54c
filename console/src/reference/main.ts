import { readSpecification } from './specification.ts';

// Runs in a document of its own, in a sandbox without an origin: what a specification makes the component do, it does
// there, without a session and without a way to this console.

interface Component {
  (options: {
    readonly domNode: Element | null;
    readonly spec: object;
    readonly deepLinking: boolean;
    readonly docExpansion: 'list' | 'none';
    readonly defaultModelsExpandDepth: number;
    readonly supportedSubmitMethods: readonly string[];
    readonly validatorUrl: null;
    readonly persistAuthorization: boolean;
    readonly queryConfigEnabled: boolean;
    readonly onComplete: () => void;
  }): unknown;
}

declare const SwaggerUIBundle: Component;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
/** Of an API that has more, the operations are not opened at first. */
const MANY_PATHS = 60;

function tell(kind: 'ready' | 'shown' | 'failed', message = ''): void {
  // Only the console frames this, and what it is told is no secret.
  parent.postMessage({ kind, message }, '*');
}

addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.source !== parent) return;
  const { text, server, theme } = Object(event.data) as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string') return;
  try {
    document.documentElement.dataset['theme'] = theme === 'dark' ? 'dark' : 'light';
    document.documentElement.classList.toggle('dark-mode', theme === 'dark');
    const { spec, paths } = readSpecification(text, typeof server === 'string' ? server : '');
    SwaggerUIBundle({
      domNode: document.getElementById('reference'),
      spec,
      deepLinking: false,
      docExpansion: paths > MANY_PATHS ? 'none' : 'list',
      defaultModelsExpandDepth: 0,
      // Without an address of the API nothing can be tried: the policy of this document lets no request out.
      supportedSubmitMethods: server === '' ? [] : METHODS,
      validatorUrl: null,
      persistAuthorization: false,
      queryConfigEnabled: false,
      onComplete: () => tell('shown'),
    });
  } catch (error) {
    tell('failed', error instanceof Error ? error.message : String(error));
  }
});

if (parent === self) {
  const host = document.getElementById('reference');
  if (host !== null) host.textContent = 'This is a part of a page of the console: open the API there.';
} else {
  tell('ready');
}
