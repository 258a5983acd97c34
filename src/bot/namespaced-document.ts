import { defineOwn, own } from './own-property';
import type { StateDocument } from './turn';

/** The part of a document that lies under one of its properties, as a document. Touching any of it touches that property. */
export function namespacedDocument(document: StateDocument, namespace: string): StateDocument {
  const part = (): Record<string, unknown> => {
    if (document.get(namespace) === undefined) document.set(namespace, {});
    return document.get(namespace) as Record<string, unknown>;
  };
  const existing = (): Record<string, unknown> => (document.get(namespace) ?? {}) as Record<string, unknown>;
  return {
    get: (property) => own(existing(), property),
    set(property, value) {
      const properties = part();
      if (value === undefined) delete properties[property];
      else defineOwn(properties, property, value);
      // Written by name, so that it is not taken for a change in place.
      document.set(namespace, properties);
    },
    delete(property) {
      const properties = document.get(namespace) as Record<string, unknown> | undefined;
      if (properties === undefined) return;
      delete properties[property];
      document.set(namespace, properties);
    },
    all: part,
    clear: () => document.delete(namespace),
    changed: () => document.changed(),
  };
}
