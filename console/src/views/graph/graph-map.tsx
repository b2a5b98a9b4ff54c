import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { paint, prepare } from './paint.ts';
import type { Paints, Prepared } from './paint.ts';
import { edgeAt, nextOf, nodeAt } from './scene.ts';
import type { Scene, SceneEdge, SceneNode } from './scene.ts';
import { beginning, fit, showing, zoom } from './viewport.ts';
import type { Size, View } from './viewport.ts';
import { spoken, TEXTS } from './words.ts';

export interface GraphMapProps {
  readonly scene: Scene;
  readonly paints: Paints;
  readonly textOf: (edge: SceneEdge) => string;
  /** The id of the node or the edge that is open. */
  readonly chosen: string;
  readonly onChoose: (id: string | undefined) => void;
}

const STEP = 1.3;
const TOLERANCE = 6;
/** Beyond it, pressing is dragging. */
const LEAST_DRAG = 4;
const LINE_PIXELS = 16;

/** The drawing on a canvas: it is moved by dragging, zoomed by the wheel with Ctrl or two fingers, and walked through by keys. */
export function GraphMap({ scene, paints, textOf, chosen, onChoose }: GraphMapProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<View>({ scale: 1, x: 0, y: 0 });
  const size = useRef<Size>({ width: 0, height: 0 });
  const frame = useRef(0);
  const isMoved = useRef(false);
  const [here, setHere] = useState<SceneNode>();
  const [pointed, setPointed] = useState<SceneEdge | SceneNode>();
  const open = scene.byId.get(chosen) ?? scene.edges.find(({ id }) => id === chosen);
  const shown = pointed ?? here ?? open;
  const prepared = useMemo<Prepared | undefined>(() => {
    const context = document.createElement('canvas').getContext('2d');
    return context === null ? undefined : prepare(scene, context, textOf);
  }, [scene, textOf]);
  const current = useRef({ scene, prepared, paints, shown });
  current.current = { scene, prepared, paints, shown };

  const draw = (): void => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const context = canvas.current?.getContext('2d');
      const { prepared: ready, paints: now, shown: stands } = current.current;
      if (!context || ready === undefined) return;
      const begun = performance.now();
      paint(context, ready, view.current, size.current, now, stands, devicePixelRatio);
      performance.measure('graph-paint', { start: begun });
    });
  };
  const show = (next: View): void => {
    view.current = next;
    isMoved.current = true;
    draw();
  };
  const whole = (): void => show(fit(scene, size.current));
  const begin = (): void => {
    view.current = beginning(current.current.scene, size.current);
    isMoved.current = false;
    draw();
  };

  useEffect(() => {
    const target = canvas.current;
    if (target === null) return undefined;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = target;
      if (width === 0) return;
      size.current = { width, height };
      target.width = width * devicePixelRatio;
      target.height = height * devicePixelRatio;
      if (isMoved.current) draw();
      else begin();
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(target);
    return () => {
      watcher.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);
  useEffect(() => {
    if (size.current.width > 0) begin();
    setHere(undefined);
    setPointed(undefined);
  }, [scene]);
  useEffect(draw, [prepared, paints, shown]);
  useDragging(canvas, view, show, (x, y, isPress) => {
    const { scale, x: left, y: top } = view.current;
    const [atX, atY] = [(x - left) / scale, (y - top) / scale];
    const found = nodeAt(scene, atX, atY) ?? edgeAt(scene, atX, atY, TOLERANCE / scale);
    if (!isPress) return setPointed(found);
    onChoose(found?.id);
  });

  const walk = (event: KeyboardEvent): void => {
    const { width, height } = size.current;
    if (event.key === '+' || event.key === '=') show(zoom(view.current, STEP, width / 2, height / 2));
    else if (event.key === '-') show(zoom(view.current, 1 / STEP, width / 2, height / 2));
    else if (event.key === '0') whole();
    else if (event.key === 'Escape' && (chosen !== '' || here !== undefined)) {
      setHere(undefined);
      onChoose(undefined);
    } else if (event.key === 'Enter' && here !== undefined) onChoose(here.id);
    else {
      const from = here ?? (open !== undefined && 'kind' in open ? open : undefined);
      const next = /^(?:Arrow|Home|End)/.test(event.key) ? nextOf(scene, from, event.key) : undefined;
      if (next === undefined) return;
      setPointed(undefined);
      setHere(next);
      show(showing(view.current, next, size.current));
    }
    event.preventDefault();
  };
  return (
    <div class="graph-map">
      <canvas
        ref={canvas}
        class={pointed === undefined ? 'graph-canvas' : 'graph-canvas pointed'}
        role="application"
        tabIndex={0}
        aria-label={TEXTS.mapLabel}
        aria-describedby="graph-help"
        onKeyDown={walk}
      />
      <p id="graph-help" class="unseen">
        {TEXTS.mapHelp}
      </p>
      <p class="unseen" role="status">
        {here !== undefined && spoken(here)}
      </p>
      <div class="graph-zoom">
        <button
          type="button"
          aria-label={TEXTS.closer}
          onClick={() => show(zoom(view.current, STEP, size.current.width / 2, size.current.height / 2))}
        >
          +
        </button>
        <button
          type="button"
          aria-label={TEXTS.farther}
          onClick={() => show(zoom(view.current, 1 / STEP, size.current.width / 2, size.current.height / 2))}
        >
          −
        </button>
        <button type="button" onClick={whole}>
          {TEXTS.fit}
        </button>
      </div>
    </div>
  );
}

type At = (x: number, y: number, isPress: boolean) => void;

/** One pointer moves the drawing, two zoom it, and so does the wheel with Ctrl. */
function useDragging(
  canvas: { readonly current: HTMLCanvasElement | null },
  view: { readonly current: View },
  show: (view: View) => void,
  at: At,
): void {
  const told = useRef({ show, at });
  told.current = { show, at };
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return undefined;
    const pointers = new Map<number, readonly [x: number, y: number]>();
    let moved = 0;
    const leaving = new AbortController();
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      listen: (event: HTMLElementEventMap[Name]) => void,
    ): void => target.addEventListener(name, listen, { signal: leaving.signal, passive: false });
    on('pointerdown', (event) => {
      target.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
      if (pointers.size === 1) moved = 0;
    });
    on('pointermove', (event) => {
      const to = [event.offsetX, event.offsetY] as const;
      const from = pointers.get(event.pointerId);
      if (from === undefined) return told.current.at(...to, false);
      pointers.set(event.pointerId, to);
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved < LEAST_DRAG) return undefined;
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      const now = view.current;
      if (other === undefined) return told.current.show({ ...now, x: now.x + dx, y: now.y + dy });
      const distance = ([x, y]: readonly [number, number]): number => Math.hypot(x - other[0], y - other[1]);
      return told.current.show(zoom(now, distance(to) / Math.max(1, distance(from)), other[0], other[1]));
    });
    const end = ({ pointerId, offsetX, offsetY, type }: PointerEvent): void => {
      const isLast = pointers.delete(pointerId) && pointers.size === 0;
      if (isLast && type === 'pointerup' && moved < LEAST_DRAG) told.current.at(offsetX, offsetY, true);
    };
    on('pointerup', end);
    on('pointercancel', end);
    on('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PIXELS);
      told.current.show(zoom(view.current, Math.exp(-pixels / 300), event.offsetX, event.offsetY));
    });
    return () => leaving.abort();
  }, []);
}
