    return open(path).read()



total = add(1, 2)

    return open(path).read()
def close(self):
total = add(1, 2)
    self.prefetch_all()
# fetch_all is on its way out
total = add(1, 2)
    self.prefetch_all()
# fetch_all is on its way out

# fetch_all is on its way out
    return open(path).read()

total = add(1, 2)
def close(self):
# fetch_all is on its way out
def close(self):
# fetch_all is on its way out
# fetch_all is on its way out
def load(path):
    self.prefetch_all()

# fetch_all is on its way out
# fetch_all is on its way out
# fetch_all is on its way out
# fetch_all is on its way out
# fetch_all is on its way out
total = add(1, 2)
def close(self):
    self.prefetch_all()
# fetch_all is on its way out

    return open(path).read()
    self.prefetch_all()
    return open(path).read()
    return open(path).read()
# fetch_all is on its way out
    return open(path).read()
total = add(1, 2)

# fetch_all is on its way out
def load(path):

# fetch_all is on its way out
total = add(1, 2)
rows = fetch_all(query)
total = add(1, 2)
    return open(path).read()
total = add(1, 2)
# fetch_all is on its way out
    return open(path).read()
    return open(path).read()
# fetch_all is on its way out
    self.prefetch_all()
def close(self):
