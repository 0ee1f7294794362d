"""How clients behave when a vendor does not: six scenarios in virtual time, ours beside the peers."""
