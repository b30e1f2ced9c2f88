"""Going out: the only room with Scrapy and with outward sockets."""
