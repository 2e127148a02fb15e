/** Who asks: what they may see, and how history names them. */
export interface Asker {
  /** The id of the user, or the name of the service. */
  readonly id: string;
  /** Whether everything may be seen: by administrators of the mesh, and by its services. */
  readonly seesAll: boolean;
  /** Such as `user:usr_...`. */
  readonly actor: string;
}

/** A request that has one effect, however often it comes. */
export interface Once {
  /** Empty if the caller gave none: such a request is always fresh. */
  readonly requestId: string;
  /** What is asked, as bytes: the method, and the request without its id. */
  readonly body: Uint8Array;
}

/** Which page of a list is asked for, in the words of the request. */
export interface PageAsk {
  readonly size: number;
  readonly token: string;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty if there is no next page. */
  readonly nextPageToken: string;
}
