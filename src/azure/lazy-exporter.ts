/** What OpenTelemetry asks of an exporter, whatever it exports. */
interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

interface ExportResult {
  /** 0 for success, 1 for failure. */
  readonly code: number;
  readonly error?: Error;
}

const FAILED = 1;

/**
 * An exporter that is loaded when there is something to export. One that cannot be loaded has failed to export, and is tried again.
 * @param onFailure told of every export that failed: what it had is lost
 */
export function lazyExporter<Batch>(
  load: () => Exporter<Batch>,
  onFailure: () => void = () => undefined,
): Required<Exporter<Batch>> {
  let loaded: Exporter<Batch> | undefined;
  return {
    export(batch, done) {
      const over = (result: ExportResult): void => {
        if (result.code === FAILED) onFailure();
        done(result);
      };
      try {
        loaded ??= load();
        loaded.export(batch, over);
      } catch (error) {
        over({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
      }
    },
    async forceFlush() {
      await loaded?.forceFlush?.();
    },
    async shutdown() {
      await loaded?.shutdown();
    },
  };
}
