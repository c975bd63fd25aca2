"""A prepared cell is carried out: journal, service, panel and handle are put together."""
