import type { ErasureRequest, Store } from '../../src/ports/store';

/** Returns every request to erase that is not carried out yet. */
export async function requestsOf({ erasure }: Pick<Store, 'erasure'>): Promise<ErasureRequest[]> {
  const found: ErasureRequest[] = [];
  let from: string | undefined;
  do {
    const page = await erasure.requests(from, 100);
    found.push(...page.requests.map(({ request }) => request));
    from = page.next;
  } while (from !== undefined);
  return found;
}
