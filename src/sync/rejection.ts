/** Why a node could not put in force what it was sent. */
export interface RejectionFault {
  readonly resource: string;
  readonly field: string;
  readonly message: string;
}
